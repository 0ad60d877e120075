//! The rules of the sample system, as it ships them, over the sample system itself: its API fails under a scenario, is stopped by
//! its own manager, and comes back.

use std::collections::BTreeMap;

use crate::held::Watched;
use crate::minutes;
use crate::sample::Sample;
use crate::servers;

const RULES: &str = include_str!("../../assets/demo_rules.yml");

/// The items of the file's only group, with ranges and patience as short as a test is.
fn items() -> String {
    let (_, items) = RULES.split_once("rules:\n").expect("the file has a group");
    let items = items.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect::<Vec<_>>().join("\n");
    let short = items.replace("[30s]", "[5s]").replace("for: 10s", "for: 2s").replace("for: 15s", "for: 3s");
    format!("\n{}\n", short.replace("for: 30s", "for: 5s"))
}

#[test]
fn the_sample_system_alerts_as_the_server_says() {
    if !servers::are_there("alerts of the sample system held against Prometheus") {
        return;
    }
    let sample = Sample::ready(&["--scenario", "error-burst", "--scenario-after", "8s"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(held_on(&sample));
}

async fn held_on(sample: &Sample) {
    let address = sample.at.api_url.strip_prefix("http://").expect("plain HTTP").to_owned();
    let mut watched = Watched::start(&items(), "api", &[address]);
    watched.until_each("failing requests", |fires, _| fires.contains_key("HighErrorRate")).await;
    let mut again = minutes::Rounds::begin();
    while again.another() {
        sample.manage("stop", "api");
        watched.until_each("a missing API", |fires, _| fires.contains_key("ApiDown")).await;
        // The new process does not have the burst in it.
        sample.manage("start", "api");
        let gone = |name: &'static str| move |fires: &BTreeMap<String, usize>, _| !fires.contains_key(name);
        watched.until_each("an API that is there", gone("ApiDown")).await;
        watched.until_each("requests that do not fail", gone("HighErrorRate")).await;
    }
    let agreement = watched.agreement().await;
    let (exact, near) = (agreement.exact, agreement.near);
    let young = agreement.by_version;
    println!(
        "the sample, {} times stopped: {exact} looks the same, {near} within one evaluation, {young} apart over young counters",
        again.done()
    );
    assert!(exact > 100 && exact > near, "{exact} looks the same, {near} within one evaluation");
    for (rule, firing) in [("HighErrorRate", true), ("HighErrorRate", false), ("ApiDown", true), ("ApiDown", false)] {
        assert!(agreement.active.contains(&(rule.to_owned(), firing)), "{rule} was never seen with firing = {firing}");
    }
}
