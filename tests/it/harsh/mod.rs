//! AWS as it is, for tests: a proxy on loopback between the program and the
//! emulator. It knows what was made through it and, by rules that are data
//! (`rules.rs`), hides it, delays it, refuses to use or to delete it, loses
//! answers and limits rates. Every call is in an ordered log. It can kill the
//! program at any boundary of any call.

pub(crate) mod call;
pub(crate) mod rules;
mod weather;
mod wire;

use std::{
    io::{BufReader, Read as _},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    process::Child,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use call::Call;
pub(crate) use weather::{Climate, Scripted, Trouble, mixed};
use weather::{Fate, Weather};
use wire::Message;

/// A moment in the life of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// AWS has not acted.
    Before,
    /// AWS has acted and said nothing.
    Acted,
    /// The answer has arrived.
    Answered,
}

/// Where the program is to be killed: at the call of this number, counted
/// among those that change something, or among all others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kill {
    pub(crate) change: bool,
    pub(crate) number: usize,
    pub(crate) moment: Moment,
}

/// One call, as the log has it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) service: String,
    pub(crate) operation: String,
    /// The body with its percent signs decoded: a form has a field a line. Of
    /// what is named by its path, that comes first.
    pub(crate) text: String,
    pub(crate) change: bool,
    /// The HTTP status that went back; 0 when nothing did.
    pub(crate) status: u16,
    /// The emulator has seen it.
    pub(crate) acted: bool,
}

pub(crate) struct Harsh {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: u16,
    weather: Mutex<Weather>,
    log: Mutex<Vec<Entry>>,
    kill: Mutex<Option<Kill>>,
    /// Calls that change something, and others, since the kill was set.
    counts: Mutex<[usize; 2]>,
    victim: Mutex<Option<Arc<Mutex<Child>>>>,
    /// The call at which it was killed.
    struck: Mutex<Option<String>>,
    /// Connections that are served.
    open: AtomicUsize,
    ended: AtomicBool,
}

/// A thread that panicked has said so itself.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Harsh {
    /// In front of an emulator on this port.
    pub(crate) fn start(upstream: u16, climate: Climate) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let shared = Arc::new(Shared {
            upstream,
            weather: Mutex::new(Weather::new(climate)),
            log: Mutex::default(),
            kill: Mutex::default(),
            counts: Mutex::default(),
            victim: Mutex::default(),
            struck: Mutex::default(),
            open: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        });
        let all = Arc::clone(&shared);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if all.ended.load(Ordering::Relaxed) {
                    break;
                }
                let shared = Arc::clone(&all);
                shared.open.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || {
                    // The client has gone, which is its business.
                    drop(serve(&connection, &shared));
                    shared.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, shared }
    }

    /// Kills this process when it comes to that call.
    pub(crate) fn kill_at(&self, kill: Option<Kill>, victim: &Arc<Mutex<Child>>) {
        *locked(&self.shared.counts) = [0; 2];
        *locked(&self.shared.kill) = kill;
        *locked(&self.shared.victim) = Some(Arc::clone(victim));
    }

    /// From now on, what is to become of calls.
    pub(crate) fn script(&self, script: &[Scripted]) {
        locked(&self.shared.weather).climate.script = script.to_vec();
    }

    pub(crate) fn log(&self) -> Vec<Entry> {
        locked(&self.shared.log).clone()
    }

    /// The call at which the program was last killed.
    pub(crate) fn struck(&self) -> Option<String> {
        locked(&self.shared.struck).clone()
    }

    /// Until all that a killed program has sent is done or dropped: AWS takes a
    /// moment for it, a busy emulator takes longer than the next run looks for it.
    pub(crate) fn settle(&self) {
        let mut last = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("it listens");
        last.shutdown(Shutdown::Write).expect("it is connected");
        // When this one has been served, all before it have begun to be.
        drop(last.read_to_end(&mut Vec::new()));
        let began = Instant::now();
        while self.shared.open.load(Ordering::SeqCst) > 0 {
            assert!(began.elapsed() < Duration::from_mins(5), "a connection stays open");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Changes of one parent at the same time.
    pub(crate) fn overlaps(&self) -> Vec<String> {
        locked(&self.shared.weather).overlaps.clone()
    }
}

impl Drop for Harsh {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // Wakes the listener.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

fn serve(connection: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection);
    let mut writer = connection;
    let upstream = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.upstream))?;
    upstream.set_nodelay(true)?;
    let mut upstream_reader = BufReader::new(&upstream);
    let mut upstream_writer = &upstream;
    while let Some(mut request) = Message::read(&mut reader)? {
        let call = Call::of(&request);
        let kill = shared.counted(&call);
        if kill == Some(Moment::Before) {
            shared.strike(&call);
            return Ok(());
        }
        let delay = locked(&shared.weather).delay(&call);
        std::thread::sleep(delay.unwrap_or_default());
        let fate = locked(&shared.weather).before(&call, &mut request);
        let place = shared.note(&call);
        let answer = match fate {
            Fate::Reset => return Ok(()),
            Fate::Hang => {
                reader.read_to_end(&mut Vec::new())?;
                return Ok(());
            }
            Fate::Answer(answer) => answer,
            Fate::Forward | Fate::Lost => {
                request.write(&mut upstream_writer)?;
                let answer = request.read_answer(&mut upstream_reader)?;
                let mut answer = answer.ok_or(std::io::ErrorKind::UnexpectedEof)?;
                locked(&shared.weather).after(&call, &mut answer);
                locked(&shared.log)[place].acted = true;
                if matches!(fate, Fate::Lost) {
                    return Ok(());
                }
                answer
            }
        };
        if kill == Some(Moment::Acted) {
            shared.strike(&call);
            return Ok(());
        }
        locked(&shared.log)[place].status = answer.status();
        answer.write(&mut writer)?;
        if kill == Some(Moment::Answered) {
            shared.strike(&call);
            return Ok(());
        }
    }
    Ok(())
}

impl Shared {
    /// Counts a call; the moment at which it is the last.
    fn counted(&self, call: &Call) -> Option<Moment> {
        let change = call.changes();
        let mut counts = locked(&self.counts);
        let number = counts[usize::from(change)];
        counts[usize::from(change)] += 1;
        let mut kill = locked(&self.kill);
        let due = kill.filter(|it| it.change == change && it.number == number);
        if due.is_some() {
            *kill = None;
        }
        due.map(|it| it.moment)
    }

    fn note(&self, call: &Call) -> usize {
        let mut log = locked(&self.log);
        log.push(Entry {
            service: call.service.clone(),
            operation: call.operation.clone(),
            text: call.text.clone(),
            change: call.changes(),
            status: 0,
            acted: false,
        });
        log.len() - 1
    }

    /// As a power cut does: without a word.
    fn strike(&self, call: &Call) {
        *locked(&self.struck) = Some(format!("{} {}", call.service, call.operation));
        if let Some(victim) = locked(&self.victim).take() {
            drop(locked(&victim).kill());
        }
    }
}
