//! What the metrics engine tells comes in here; answers go to who asked.

use std::sync::Arc;

use crate::app::{Effect, Model};
use crate::engine::Output;

use super::{actions, alerts, doctor, series};

/// The engine told something.
pub fn told(model: &mut Model, outputs: Vec<Output>) -> Vec<Effect> {
    let mut effects = Vec::new();
    for output in outputs {
        if matches!(output, Output::Answered { .. }) {
            effects.extend(series::answered(model, &output));
        }
        if let Output::Answered { id, answer } = &output {
            alerts::answered(model, *id, answer);
            effects.extend(doctor::answered(model, *id, answer));
        }
        if let Output::Unkept(Some(why)) = &output {
            model.note(why.clone());
        }
        let scraped = if let Output::Target { target, told } = &output { Some((*target, told.at)) } else { None };
        let told = if let Output::Alerts(told) = &output { Some(Arc::clone(told)) } else { None };
        let before = told.as_ref().and_then(|_| model.live.metrics.alerts.clone());
        model.live.metrics.take(output);
        if let Some((target, at)) = scraped {
            effects.extend(actions::scraped(model, target, at));
        }
        if let Some(told) = told {
            alerts::read_again(model, before.as_deref(), &told);
            crate::app::alerts::served::join(&mut model.live, model.now);
            effects.extend(alerts::told(model, &told));
        }
    }
    effects
}
