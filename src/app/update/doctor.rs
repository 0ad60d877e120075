//! The page of the doctor: a look is begun when the page is opened, when somebody asks, and now and then while it is open. Its
//! parts come in one after the other; when all are there it is judged off the loop.

use std::borrow::Cow;

use crate::app::doctor::{FileRead, NAMES, WholePaths, listing, live};
use crate::app::job::Job;
use crate::app::pane::PaneId;
use crate::app::view::{Overlay, Page};
use crate::app::{Effect, Model, details, panes};
use crate::doctor::{Finding, Options, Report, Seen};
use crate::domain::Safe;
use crate::engine::Question;
use crate::engine::output::Answer;

/// Begins a look; one that is under way is waited for.
pub fn look(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    if model.live.doctor.is_looking(now) {
        return Vec::new();
    }
    let id = model.fresh_id();
    let names = || Question::Names { most: NAMES };
    let programs = live::programs(model);
    let (mut effects, mut questions) = (vec![Effect::ReadDocuments { id, programs }], Vec::new());
    if model.live.doctor.is_given {
        let id = model.fresh_id();
        questions.push(id);
        effects.push(Effect::AskEngine { id, question: names() });
        // What a server has is there too.
        if model.live.is_asked_of_server(now) {
            let id = model.fresh_id();
            questions.push(id);
            effects.push(Effect::AskServer { id, question: names() });
        }
    }
    model.live.doctor.begin(id, questions, now);
    effects
}

/// The files were read.
pub fn read(model: &mut Model, id: u64, files: Vec<FileRead>, whole_paths: WholePaths) -> Vec<Effect> {
    model.live.doctor.whole_paths = whole_paths;
    model.live.doctor.take_files(id, files);
    judge(model)
}

/// The engine answered; whatever the question was.
pub fn answered(model: &mut Model, id: u64, answer: &Result<Answer, Safe>) -> Vec<Effect> {
    let names = match answer {
        Ok(Answer::Names { names, in_all }) => Ok((names.clone(), *in_all)),
        Ok(_) => return Vec::new(),
        Err(why) => Err(why.clone()),
    };
    if model.live.doctor.take_names(id, names) { judge(model) } else { Vec::new() }
}

fn judge(model: &mut Model) -> Vec<Effect> {
    let Some(ready) = model.live.doctor.ready() else { return Vec::new() };
    let incomplete = live::incomplete(model);
    let seen = ready.names.map(|names| match names {
        Ok((names, in_all)) => {
            let cut = in_all > names.len();
            let more =
                cut.then(|| Safe::of(format!("only the first {} of {in_all} metrics were looked at", names.len())));
            Seen { names, incomplete: incomplete.or(more) }
        }
        Err(why) => Seen { names: Vec::new(), incomplete: Some(why) },
    });
    model.live.doctor.wants_more = live::is_still_loading(model);
    // A range has to hold two scrapes of the target that is scraped most seldom.
    let slowest = model.live.metrics.targets.iter().map(|target| target.spec.interval).max();
    let options = Options { scrape: model.live.doctor.scrape.or(slowest) };
    vec![Effect::Compute(Job::Doctor { id: ready.id, sources: ready.sources, options, seen })]
}

/// The compute thread is done.
pub fn finished(model: &mut Model, id: u64, report: Report) {
    let now = model.now;
    model.live.doctor.finish(id, report, now);
}

/// Time passed: whoever has the page before them sees what is so now. A frozen screen stands still.
pub fn time_passed(model: &mut Model) -> Vec<Effect> {
    let watched = model.view.page == Page::Doctor && model.frozen.is_none();
    if watched && model.live.doctor.is_due(model.now) { look(model) } else { Vec::new() }
}

/// The mended text of what is selected on the page, also while its detail lies on top; `None` elsewhere.
pub fn mended(model: &Model) -> Option<Vec<Safe>> {
    if model.view.page != Page::Doctor {
        return None;
    }
    let key = panes::chosen_finding(model)?;
    let on_top = match model.view.overlays.last() {
        None => true,
        Some(Overlay::Document { document, .. }) => {
            details::of_selected(model, PaneId::Findings).is_some_and(|own| own.title == document.title)
        }
        Some(_) => false,
    };
    let found: Vec<Cow<'_, Finding>> = listing::all(model);
    let finding = found.iter().find(|finding| listing::key(finding) == key).filter(|_| on_top)?;
    Some(finding.instead.clone()).filter(|lines| !lines.is_empty())
}
