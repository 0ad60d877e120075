//! What is scraped, and the rules over it.

use std::time::Duration;

use super::super::environments::url_is_loopback;
use super::super::layers::Item;
use super::super::problem::Layer;
use super::super::resolved::{DoctorSpec, MetricsSpec, OffKind};
use super::super::value::Value;
use super::builder::Builder;
use super::given::{flag, provenance, text, texts, time};
use super::reach::Reach;

impl<'a> Builder<'a> {
    pub fn metrics(&mut self) {
        let merged = self.merged;
        for item in merged.of("metrics") {
            if self.switched_off(OffKind::Metrics, item) {
                continue;
            }
            let (url, origin) = match self.reach(item) {
                Reach::At(url, origin) => (url, origin),
                Reach::Off(why, turn_on) => {
                    self.off(OffKind::Metrics, item, why, turn_on);
                    continue;
                }
                Reach::Wrong => continue,
            };
            let key = if item.given("url").is_some() { "url" } else { "origin" };
            if url_is_loopback(&url) && self.is_about_another_machine(OffKind::Metrics, item, key) {
                continue;
            }
            self.scraped(item, url, origin);
        }
        self.know();
        self.engines();
    }

    fn scraped(&mut self, item: &'a Item, url: url::Url, origin: Option<&'a Item>) {
        let loopback = url_is_loopback(&url);
        let request = self.request(item, url);
        let environment = self.environment(item, origin, loopback);
        let mut spec = MetricsSpec::new(&item.name, request, loopback, environment);
        spec.provenance = provenance(item, "url");
        if let Some(interval) = time(item, "interval") {
            spec = spec.every(interval);
        }
        spec.deadline = time(item, "deadline").unwrap_or(spec.deadline);
        spec.window = time(item, "window").unwrap_or(spec.window);
        let word = |key: &str| text(item, key).map(str::to_owned);
        spec.job = word("job").unwrap_or(spec.job);
        spec.instance = word("instance").unwrap_or(spec.instance);
        spec.service = word("service");
        for (key, place) in
            [("durations", &mut spec.durations), ("requests", &mut spec.requests), ("status", &mut spec.status)]
        {
            if let Some(given) = texts(item, key) {
                *place = given;
            }
        }
        if let Some(pairs) = texts(item, "cache") {
            if !pairs.len().is_multiple_of(2) {
                self.wrong(item, "cache", "wants pairs: the counter of hits, then that of misses");
            }
            let pair = |pair: &[String]| Some((pair.first()?.clone(), pair.get(1)?.clone()));
            spec.cache = pairs.chunks(2).filter_map(pair).collect();
        }
        if let Some(service) = &spec.service
            && self.merged.find("service", service).is_none_or(|service| flag(service, "off"))
        {
            self.wrong(item, "service", &format!("there is no [[service]] named {service:?} that is watched"));
        }
        if let Some((at, known)) = self.scraped_already(item, &spec) {
            self.twins.push((item.name.clone(), at));
            let why = format!("the same endpoint as {known:?}, which is scraped once for both");
            self.off(OffKind::Metrics, item, why, "a job of its own, where it is to be scraped twice");
            return;
        }
        let twin = |other: &&MetricsSpec| other.job == spec.job && other.instance == spec.instance;
        if let Some(twin) = self.resolved.metrics.iter().find(twin) {
            let words = format!(
                "job {:?} and instance {:?} are those of {:?} too: their series would be the same",
                spec.job, spec.instance, twin.name
            );
            self.wrong(item, "job", &words);
        }
        self.resolved.metrics.push(spec);
    }

    /// Who scrapes the same endpoint already: twice it would double every sum and every alert. Who gives it a job or an instance
    /// of its own wants that, and who says of another service that it is its own is not to be left alone.
    fn scraped_already(&self, item: &Item, spec: &MetricsSpec) -> Option<(usize, String)> {
        let is_own = ["job", "instance"].iter().any(|key| item.given(key).is_some());
        let same = |other: &&MetricsSpec| {
            let (one, two) = (&other.request, &spec.request);
            let is_about = spec.service.is_none() || spec.service == other.service;
            is_about && one.url == two.url && one.headers == two.headers && one.bearer == two.bearer
        };
        let at = self.resolved.metrics.iter().position(|other| !is_own && same(&other))?;
        self.resolved.metrics.get(at).map(|known| (at, known.name.to_string()))
    }

    /// Rules and bounds.
    fn know(&mut self) {
        let value = |key: &str| self.merged.given("", key).map(|given| given.value.clone());
        let number = |key: &str| match value(key) {
            Some(Value::Count(number)) => usize::try_from(number).ok(),
            _ => None,
        };
        let (bytes, hours, series) = (number("metrics_bytes"), number("metrics_hours"), number("metrics_series"));
        let every = value("rules_interval");
        let external = value("external_labels");
        let know = &mut self.resolved.know;
        know.bytes = bytes.unwrap_or(know.bytes);
        know.series = series.unwrap_or(know.series);
        if let Some(hours) = hours {
            know.keep = Duration::from_secs(3600 * hours as u64);
        }
        if let Some(Value::Time(every)) = every {
            know.rules_interval = every;
        }
        if let Some(Value::Labels(labels)) = external {
            know.external_labels = labels;
        }
        self.resolved.know.rules = self.files("rules", "name them with --rules");
        let documents = self.files("documents", "name them in the configuration");
        let files = self.inputs.profile.iter().chain(&self.inputs.file);
        let configurations = files.map(|file| file.path.clone()).collect();
        self.resolved.know.doctor = DoctorSpec { documents, configurations, ..DoctorSpec::default() };
    }

    /// The files that a key names.
    fn files(&mut self, key: &str, instead: &str) -> Vec<String> {
        let Some(given) = self.merged.given("", key) else { return Vec::new() };
        let Value::Texts(files) = given.value.clone() else { return Vec::new() };
        let is_profile = given.place.layer == Layer::Profile;
        let is_known = |file: &String| !is_profile || file.starts_with('/');
        let (known, unknown): (Vec<String>, Vec<String>) = files.into_iter().partition(is_known);
        for file in unknown {
            self.note(format!(
                "{key} {file:?} of the profile stand in the service's folder, which it does not know; {instead}"
            ));
        }
        known
    }
}
