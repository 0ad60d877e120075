//! The clients of the sample: a steady, mixed stream of real requests to its own API.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, task::JoinSet, time::sleep};

use super::{entropy::Dice, error::DemoError, http};

/// How many requests may be under way; clients beyond that stay away.
const AT_ONCE: usize = 40;
/// When a client gives up.
const PATIENCE: Duration = Duration::from_secs(9);

/// Sends about 25 requests a second until dropped.
pub async fn run(port: u16, database: bool) -> Result<(), DemoError> {
    let mut dice = Dice::new()?;
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut clients = JoinSet::new();
    loop {
        sleep(Duration::from_millis(10 + dice.below(60))).await;
        while clients.try_join_next().is_some() {}
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else { continue };
        let (method, path) = request(&mut dice, database);
        clients.spawn(async move {
            // How it went is in the API's own figures.
            let _ = http::ask(port, method, &path, PATIENCE).await;
            drop(permit);
        });
    }
}

fn request(dice: &mut Dice, database: bool) -> (&'static str, String) {
    let choice = if database { dice.below(1000) } else { 700 + dice.below(60) };
    match choice {
        0..700 => {
            // Some commits are asked for more often than others, and one request in twenty is for any of them.
            let often = dice.below(400).min(dice.below(400));
            let id = 1 + if dice.below(20) == 0 { dice.below(20_000) } else { often };
            ("GET", format!("/api/v1/commits/{id}"))
        }
        700..730 => ("GET", "/health".to_owned()),
        730..760 => ("GET", "/api/v1/cache/stats".to_owned()),
        760..850 => ("GET", "/api/v1/webhooks".to_owned()),
        850..930 => ("GET", "/api/v1/alerts".to_owned()),
        930..965 => ("POST", "/api/v1/alerts".to_owned()),
        965..980 => ("GET", "/api/v1/reports/activity".to_owned()),
        _ => ("GET", format!("/api/v1/commits/search?number={}", 1 + dice.below(20_000))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_database_nothing_is_asked_that_needs_one() {
        let mut dice = Dice::new().unwrap();
        for _ in 0..500 {
            let (_, path) = request(&mut dice, false);
            assert!(["/health", "/api/v1/cache/stats"].contains(&&*path), "{path}");
        }
    }
}
