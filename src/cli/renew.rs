//! Credentials that expire while orderinfra works: on a terminal it waits
//! until a person has renewed them.

use super::{
    Runtime,
    drive::Opened,
    failure::{Failure, Result, code},
    ui::{BOLD, Ui},
};

/// Tells what happened, and waits for Enter. `false`: nobody will press it.
pub(super) async fn wait(failure: &Failure, runtime: &Runtime, ui: &Ui) -> bool {
    ui.say(&format!("{} {}", ui.paint(BOLD, "Paused:"), failure.message));
    if runtime.var("AWS_ACCESS_KEY_ID").is_some() {
        ui.say("  They come from AWS_ACCESS_KEY_ID, which cannot change while this runs: press Ctrl-C, set");
        ui.say("  new ones, and run this again; it goes on from here");
    } else {
        ui.say(
            "  Renew them in another terminal, as with `aws sso login`, then press Enter to go on;",
        );
        ui.say("  Ctrl-C ends this here, and the next run goes on");
    }
    ui.enter().await
}

/// Repeats what only reads until the credentials last to its end.
pub(super) async fn renewing<T>(
    opened: &mut Opened,
    runtime: &Runtime,
    ui: &Ui,
    mut what: impl AsyncFnMut(&mut Opened) -> Result<T>,
) -> Result<T> {
    loop {
        let failure: Failure = match what(opened).await {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        if failure.code != code::CREDENTIALS
            || !ui.interactive
            || !wait(&failure, runtime, ui).await
        {
            return Err(failure);
        }
        opened.session.connections.forget();
    }
}
