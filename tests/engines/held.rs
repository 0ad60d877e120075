//! The same alerts by a server and by us: what a real server told while it scraped and evaluated, held against our evaluation of
//! its own samples, with their timestamps, at the very times of its evaluations: the same alerts in the same states, since the
//! same time, with the same labels, annotations and values.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use quarterdeck::adapters::http::HttpClients;
use quarterdeck::adapters::prometheus::Prometheus;
use quarterdeck::adapters::prometheus::api::Api;
use quarterdeck::alerts::lifecycle::{Alert, Evaluation, Failure, Group, Outcome, State, World};
use quarterdeck::alerts::rules::Loaded;
use quarterdeck::domain::served::{Served, ServedAlert};
use quarterdeck::metrics::labels::Labels;
use quarterdeck::metrics::promql::{Limits, Query};
use quarterdeck::metrics::store::{STALE, Sample, Store};
use serde_json::Value;

use crate::servers::{self, PATIENCE, Server};

/// Groups of the same rules under other names: a server evaluates each at another part of the second.
const GROUPS: usize = 8;
/// Between two looks at the server.
const LOOK: Duration = Duration::from_millis(150);
/// Of any rule, in milliseconds.
const LONGEST_RANGE: i64 = 5000;
/// By which the times of a group's evaluations are known.
const TICK: &str = "\n  - record: tick\n    expr: vector(1)\n    labels: {group: GROUP}";

/// The rules, once in each group; `GROUP` in their text is its name.
fn file(rules: &str) -> String {
    let group = |at: usize| {
        let rules = format!("{TICK}{rules}").replace("GROUP", &format!("g{at}"));
        format!("- name: g{at}\n  interval: 1s\n  rules:{rules}")
    };
    format!("groups:\n{}", (0..GROUPS).map(group).collect::<String>())
}

/// One look at a rule of the server: what it told, and when it had evaluated it.
struct Seen {
    group: String,
    rule: String,
    evaluated: i64,
    alerts: Vec<ServedAlert>,
}

/// A server that scrapes some targets as one job every second, and what was seen of it.
pub struct Watched {
    running: Server,
    server: Prometheus,
    rules: String,
    job: &'static str,
    begun: Instant,
    seen: Vec<Seen>,
}

/// How often both told the same, and what was alerting: the rule, and whether it fired.
pub struct Agreement {
    pub exact: usize,
    pub near: usize,
    /// Apart while a counter was young, whose rates are others in servers before 2.52.
    pub by_version: usize,
    pub active: BTreeSet<(String, bool)>,
}

impl Watched {
    /// `rules` are items of a list, indented by two.
    pub fn start(rules: &str, job: &'static str, targets: &[String]) -> Watched {
        let rules = file(rules);
        let addresses = targets.iter().map(|target| format!("\"{target}\"")).collect::<Vec<_>>().join(", ");
        let config = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\nrule_files: [rules.yml]\n\
             scrape_configs: [{{job_name: {job}, static_configs: [{{targets: [{addresses}]}}]}}]\n"
        );
        let running = servers::prometheus(&config, &[("rules.yml", &rules)], None);
        let server = Prometheus::new(running.spec(), &HttpClients::new());
        Watched { running, server, rules, job, begun: Instant::now(), seen: Vec::new() }
    }

    /// Looks at the server until in every group exactly these alerts fire and nothing is pending.
    pub async fn until(&mut self, wanted: &[(&str, usize)]) {
        let wanted: BTreeMap<String, usize> = wanted.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        self.until_each(&format!("{wanted:?}"), |told, pending| !pending && *told == wanted).await;
    }

    /// Looks at the server until this is so in every group, of what fires there and whether something is pending.
    pub async fn until_each(&mut self, what: &str, so: impl Fn(&BTreeMap<String, usize>, bool) -> bool) {
        let begun = Instant::now();
        loop {
            let served = self.server.read(PATIENCE).await.unwrap();
            let told: Vec<_> = (0..GROUPS).map(|at| firing(&served, &format!("g{at}"))).collect();
            self.take(served);
            if told.iter().all(|(firing, pending)| so(firing, *pending)) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "waited for {what}, and there is {told:?}");
            tokio::time::sleep(LOOK).await;
        }
    }

    fn take(&mut self, served: Served) {
        for rule in served.rules {
            if let Some(evaluated) = rule.evaluated {
                self.seen.push(Seen { group: rule.group, rule: rule.name, evaluated, alerts: rule.alerts });
            }
        }
    }

    /// Panics where one look at the server told something that we do not tell.
    pub async fn agreement(&self) -> Agreement {
        let scraped = Scraped::of(self).await;
        let (mut exact, mut near, mut by_version) = (0, 0, 0);
        let (mut active, mut apart) = (BTreeSet::new(), Vec::new());
        for group in (0..GROUPS).map(|at| format!("g{at}")) {
            let told = replayed(&self.rules, &scraped, &group, Takes::AtOnce);
            let late = replayed(&self.rules, &scraped, &group, Takes::WhenDone);
            for seen in self.seen.iter().filter(|seen| seen.group == group) {
                let Some(at) = told.ticks.iter().rposition(|(tick, _)| *tick <= seen.evaluated) else { continue };
                let theirs: BTreeMap<Labels, Told> = seen.alerts.iter().map(theirs).collect();
                let ours = |at: usize| told.at(at, &seen.rule);
                active.extend(theirs.values().map(|told| (seen.rule.clone(), told.firing)));
                // The server sets the alerts of a rule before it notes when it evaluated: a look between both sees the next ones.
                if [at, at + 1].into_iter().any(|at| ours(at) == Some(&theirs)) {
                    exact += 1;
                    continue;
                }
                // A scrape that had begun and was not yet taken in when the server evaluated is seen by it one evaluation
                // later: then its ranges are neither ours of this evaluation nor of the one before.
                let around = [at.checked_sub(1), Some(at), Some(at + 1)].into_iter().flatten();
                let around = around.flat_map(|at| [ours(at), late.at(at, &seen.rule)]).flatten();
                let states =
                    |of: &BTreeMap<Labels, Told>| of.iter().map(|(l, told)| (l.clone(), told.firing)).collect();
                let there: Vec<BTreeMap<Labels, bool>> = around.map(states).collect();
                let young = scraped.young.iter().any(|(from, to)| (*from..*to).contains(&seen.evaluated));
                let is_within = within(&states(&theirs), &there);
                if young && !is_within {
                    // A ratio of such rates may be on the other side of its bound for as long as they are young.
                    by_version += 1;
                } else if (told.is_clear_until(at) && !young) || !is_within {
                    apart.push(format!(
                        "{group} {} at {}:\n  ours   {:?}\n  theirs {theirs:?}",
                        seen.rule,
                        seen.evaluated,
                        ours(at)
                    ));
                } else {
                    near += 1;
                }
            }
        }
        let alarming = apart.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
        assert!(apart.is_empty(), "{} apart, {exact} the same, {near} within one evaluation:\n{alarming}", apart.len());
        assert!(by_version * 50 <= exact, "{by_version} apart while a series is young, {exact} the same");
        Agreement { exact, near, by_version, active }
    }
}

/// Alerts that fire in a group, by name, and whether one is pending there.
fn firing(served: &Served, group: &str) -> (BTreeMap<String, usize>, bool) {
    let mut found = BTreeMap::new();
    let mut pending = false;
    for rule in served.rules.iter().filter(|rule| rule.group == group && !rule.alerts.is_empty()) {
        pending |= rule.alerts.iter().any(|alert| !alert.firing);
        let fires = rule.alerts.iter().filter(|alert| alert.firing).count();
        if fires > 0 {
            found.insert(rule.name.clone(), fires);
        }
    }
    (found, pending)
}

/// Every alert is as it is one evaluation before, then, or one after.
fn within(theirs: &BTreeMap<Labels, bool>, around: &[BTreeMap<Labels, bool>]) -> bool {
    let all: BTreeSet<&Labels> = theirs.keys().chain(around.iter().flat_map(BTreeMap::keys)).collect();
    all.into_iter().all(|labels| around.iter().any(|ours| ours.get(labels) == theirs.get(labels)))
}

/// What is told of an alert.
#[derive(Debug, PartialEq)]
struct Told {
    firing: bool,
    active_at: i64,
    /// As text: what is not a number is the same as itself.
    value: String,
    annotations: BTreeMap<String, String>,
}

fn theirs(alert: &ServedAlert) -> (Labels, Told) {
    let told = Told {
        firing: alert.firing,
        active_at: alert.active_at.unwrap(),
        value: digits(alert.value),
        annotations: alert.annotations.iter().cloned().collect(),
    };
    (Labels::new(alert.labels.clone()), told)
}

fn ours(alert: &Alert) -> (Labels, Told) {
    let told = Told {
        firing: alert.state == State::Firing,
        active_at: alert.active_at,
        value: digits(alert.value),
        annotations: alert.annotations.iter().cloned().collect(),
    };
    (alert.labels.clone(), told)
}

/// Without the last bits, which depend on the order of a sum.
fn digits(value: f64) -> String {
    format!("{value:.12e}")
}

/// The samples of the server's targets as it took them in, and when it evaluated.
struct Scraped {
    /// By time: what ends stands as such.
    samples: Vec<(i64, Labels, f64)>,
    /// Times of evaluations, by group.
    ticks: BTreeMap<String, Vec<i64>>,
    /// When a scrape began and when it was taken in.
    busy: Vec<(i64, i64)>,
    /// From when until when a series that began near zero is in a range. Servers before 2.52, as Debian's, carry such a one
    /// further back than it goes: its rates are others.
    young: Vec<(i64, i64)>,
}

impl Scraped {
    async fn of(watched: &Watched) -> Scraped {
        let api = Api::new(watched.running.spec(), &HttpClients::new());
        let range = format!("[{}s]", watched.begun.elapsed().as_secs() + 120);
        let raw = async |selector: &str| -> Vec<(Labels, Vec<(i64, f64)>)> {
            let query = format!("{selector}{range}");
            let data = api.data("/api/v1/query", &[("query", &query)], PATIENCE).await.unwrap();
            data["result"].as_array().unwrap().iter().map(series).collect()
        };
        let all = raw(&format!("{{job=\"{}\", instance!=\"\"}}", watched.job)).await;
        let up: Vec<_> = all.iter().filter(|(labels, _)| labels.metric() == "up").cloned().collect();
        let took: BTreeMap<&str, &Vec<(i64, f64)>> = all
            .iter()
            .filter(|(labels, _)| labels.metric() == "scrape_duration_seconds")
            .map(|(labels, samples)| (labels.get("instance"), samples))
            .collect();
        let busy = took.values().flat_map(|samples| samples.iter());
        // What comes after the answer is not measured: parsing and taking in, on a machine that does much else.
        let busy = busy.map(|(at, seconds)| (*at, at + (seconds * 1000.0) as i64 + 250)).collect();
        let mut samples = Vec::new();
        for (labels, found) in &all {
            let scrapes = up.iter().find(|(up, _)| up.get("instance") == labels.get("instance")).unwrap();
            let there: BTreeSet<i64> = found.iter().map(|(at, _)| *at).collect();
            samples.extend(found.iter().map(|(at, value)| (*at, labels.clone(), *value)));
            // A scrape that did not have it any more ended it; the interface does not tell such marks.
            for pair in scrapes.1.windows(2) {
                if there.contains(&pair[0].0) && !there.contains(&pair[1].0) {
                    samples.push((pair[1].0, labels.clone(), f64::from_bits(STALE)));
                }
            }
        }
        let counter = |name: &str| ["_total", "_bucket", "_count", "_sum"].iter().any(|end| name.ends_with(end));
        let young =
            all.iter().filter(|(labels, _)| counter(labels.metric())).flat_map(|(_, found)| young(found)).collect();
        samples.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
        let ticks = raw("tick").await;
        let ticks = ticks
            .into_iter()
            .map(|(labels, ticks)| (labels.get("group").to_owned(), ticks.into_iter().map(|(at, _)| at).collect()));
        Scraped { samples, ticks: ticks.collect(), busy, young }
    }
}

/// When a series began, or began anew after it was away, with little in it; and when all ranges begin after that.
fn young(found: &[(i64, f64)]) -> impl Iterator<Item = (i64, i64)> {
    let first = found.first().copied();
    let anew =
        found.windows(2).filter(|pair| pair[1].0 - pair[0].0 > 1500 || pair[1].1 < pair[0].1).map(|pair| pair[1]);
    let little = |(_, value): &(i64, f64)| *value < 1000.0;
    first.into_iter().chain(anew).filter(little).map(|(at, _)| (at, at + LONGEST_RANGE + 1000))
}

fn series(value: &Value) -> (Labels, Vec<(i64, f64)>) {
    let pairs =
        value["metric"].as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
    let samples = value["values"].as_array().unwrap().iter().map(|sample| {
        let at = (sample[0].as_f64().unwrap() * 1000.0).round() as i64;
        (at, sample[1].as_str().unwrap().parse().unwrap())
    });
    (Labels::new(pairs), samples.collect())
}

/// Our store and our PromQL, asked by our rules.
pub struct Ours(pub Store);

impl World for Ours {
    fn evaluate(&mut self, expr: &str, at: i64) -> Outcome {
        let failed = |why: String| Failure::Failed(why.into());
        let query = Query::compile(expr).map_err(|why| failed(why.to_string()))?;
        let value = query.instant(&self.0, at, &Limits::default()).map_err(|why| failed(why.to_string()))?;
        Ok(Evaluation::complete(value.into_elements().unwrap_or_default()))
    }

    fn append(&mut self, series: &Labels, at: i64, value: f64) {
        self.0.append(series, Sample { at, value });
    }
}

/// A time, and the alerts of each rule.
type Tick = (i64, BTreeMap<String, BTreeMap<Labels, Told>>);

/// What our evaluation told at each of the server's evaluations, by rule.
struct Replayed {
    ticks: Vec<Tick>,
    /// The first evaluation while a scrape was being taken in.
    unclear: Option<i64>,
}

/// When a scrape is taken in.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    /// When it begins, as its samples say.
    AtOnce,
    /// When it is over, which may be after an evaluation that was made meanwhile.
    WhenDone,
}

impl Replayed {
    fn at(&self, tick: usize, rule: &str) -> Option<&BTreeMap<Labels, Told>> {
        self.ticks.get(tick).and_then(|(_, alerts)| alerts.get(rule))
    }

    /// Whether what the server could see by then is known to the sample.
    fn is_clear_until(&self, at: usize) -> bool {
        self.unclear.is_none_or(|unclear| self.ticks.get(at).is_some_and(|(tick, _)| *tick < unclear))
    }
}

fn replayed(rules: &str, scraped: &Scraped, group: &str, takes: Takes) -> Replayed {
    let loaded = Loaded::of(&[("rules.yml", Ok(rules))]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let rules = loaded.groups.iter().find(|known| known.name == group).unwrap();
    let mut own = Group::new(rules, Duration::from_secs(1), 0);
    let mut world = Ours(Store::default());
    let mut coming = scraped.samples.iter().peekable();
    let mut out = Replayed { ticks: Vec::new(), unclear: None };
    for tick in &scraped.ticks[group] {
        let busy = scraped.busy.iter().filter(|(from, to)| from <= tick && tick < to);
        let busy: BTreeSet<i64> = busy.map(|(from, _)| *from).collect();
        let is_in = |at: i64| at <= *tick && (takes == Takes::AtOnce || !busy.contains(&at));
        while let Some((at, labels, value)) = coming.next_if(|(at, ..)| is_in(*at)) {
            world.append(labels, *at, *value);
        }
        if !busy.is_empty() {
            out.unclear.get_or_insert(*tick);
        }
        own.cycle(*tick, &mut world);
        let told = own.alerting().map(|rule| {
            let active = rule.alerts().filter(|alert| alert.is_active());
            (rule.rule.name.clone(), active.map(ours).collect())
        });
        out.ticks.push((*tick, told.collect()));
    }
    out
}
