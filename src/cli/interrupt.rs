//! Ctrl-C, SIGTERM, and the hang-up of a terminal that goes away. Before
//! anything is changed one ends the command at once; while something is
//! changed the run is told, and ends in order.

use std::{
    fs,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Sender, channel},
    },
    thread,
};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

use super::{failure::code, ui};

/// What interrupts do at this moment. Without a watcher: what the system does.
#[derive(Clone, Default)]
pub struct Interrupts(Arc<Mutex<Phase>>);

type LetGo = Box<dyn FnOnce() + Send>;

enum Phase {
    /// AWS is not being changed; what to let go of before the end.
    Before(Option<LetGo>),
    Run(UnboundedSender<()>),
}

impl Default for Phase {
    fn default() -> Self {
        Self::Before(None)
    }
}

impl Interrupts {
    /// Watches from now on. `end` takes the exit code of a process that is
    /// to end at once.
    pub fn watch(end: Sender<u8>, terminal: bool) -> Self {
        let interrupts = Self::default();
        let own = interrupts.clone();
        // A thread of its own: it must hear while the command reads a line.
        let watcher = thread::Builder::new().name("signals".to_owned());
        // Without it, signals do what they do by default: end the process.
        let (listening, heard) = channel();
        drop(watcher.spawn(move || own.listen(&end, terminal, listening)));
        // Ends with the message, or with the thread.
        heard.recv().unwrap_or_default();
        interrupts
    }

    /// What is to be let go of if an interrupt ends the command.
    pub(super) fn holding(&self, let_go: impl FnOnce() + Send + 'static) {
        if let Phase::Before(held) = &mut *self.phase() {
            *held = Some(Box::new(let_go));
        }
    }

    /// From now on AWS is changed: yields once per interrupt.
    pub(super) fn begin(&self) -> UnboundedReceiver<()> {
        let (stop, stops) = unbounded_channel();
        *self.phase() = Phase::Run(stop);
        stops
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self, end: &Sender<u8>, terminal: bool, listening: Sender<()>) {
        let Ok(engine) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
            return;
        };
        engine.block_on(async move {
            let ignored = ignored();
            let (mut interrupt, mut terminate, mut hangup) = (
                heard(SignalKind::interrupt(), ignored),
                heard(SignalKind::terminate(), ignored),
                heard(SignalKind::hangup(), ignored),
            );
            drop(listening);
            let mut told = 0;
            loop {
                let hung_up = tokio::select! {
                    () = next(&mut interrupt) => false,
                    () = next(&mut terminate) => false,
                    () = next(&mut hangup) => true,
                };
                match &mut *self.phase() {
                    Phase::Before(held) => {
                        ui::farewell("interrupted; AWS was not changed", terminal);
                        if let Some(let_go) = held.take() {
                            let_go();
                        }
                        let _ = end.send(code::CANCELLED);
                        // Still holding the phase: no run begins any more.
                        loop {
                            thread::park();
                        }
                    }
                    // A hang-up comes from the terminal and from the shell,
                    // and says the same.
                    Phase::Run(_) if hung_up && told > 0 => {}
                    Phase::Run(stop) => {
                        told += 1;
                        // A run that has ended need not be stopped.
                        let _ = stop.send(());
                        if told > 2 {
                            let _ = end.send(code::CANCELLED);
                        }
                    }
                }
            }
        });
    }
}

async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => signal.recv().await.unwrap_or_default(),
        None => std::future::pending().await,
    }
}

/// `None` for what this process was started to ignore, as by `nohup`.
fn heard(kind: SignalKind, ignored: u64) -> Option<Signal> {
    let bit = u32::try_from(kind.as_raw_value() - 1).ok()?;
    let ignores = ignored.checked_shr(bit).is_some_and(|it| it & 1 == 1);
    if ignores { None } else { signal(kind).ok() }
}

/// The signals that are ignored, one bit each. Only Linux tells.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    mask(&status)
}

fn mask(status: &str) -> u64 {
    let line = status.lines().find_map(|it| it.strip_prefix("SigIgn:"));
    line.and_then(|it| u64::from_str_radix(it.trim(), 16).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_process_status() {
        assert_eq!(mask("Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\tff\n"), 0x1001);
        assert_eq!(mask(""), 0);
        assert!(heard(SignalKind::hangup(), 1).is_none());
    }

    #[test]
    fn what_is_held_is_forgotten_when_a_run_begins() {
        let interrupts = Interrupts::default();
        interrupts.holding(|| {});
        assert!(matches!(&*interrupts.phase(), Phase::Before(Some(_))));
        let mut stops = interrupts.begin();
        interrupts.holding(|| {});
        if let Phase::Run(stop) = &*interrupts.phase() {
            stop.send(()).unwrap();
        }
        assert_eq!(stops.try_recv(), Ok(()));
    }
}
