//! What a request to an Alertmanager does about a silence, read from the very request that is sent: one is made, or one is
//! ended. A silence is told from every other, and from itself at another time, by its id, what it is about and its end.

use chrono::{DateTime, SecondsFormat};
use serde_json::Value;
use url::Url;

use crate::domain::served::{Pairs, RoutedSilence};
use crate::domain::{Safe, Untrusted};

use super::object::{Object, ObjectKey};
use super::step::{HttpStep, WritingMethod};

/// The end of the path of all of them; that of one goes on with `/` and its id.
const PATH: &str = "/api/v2/silence";

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silencing {
    /// One is made.
    Make(Wanted),
    /// The one with this id is ended.
    End(String),
}

/// A silence that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Labels and their values: all of them must be so.
    pub labels: Pairs,
    /// Until when, in milliseconds of Unix; none where that is no time.
    pub ends_at: Option<i64>,
    /// Who asks for it.
    pub by: String,
    /// Why.
    pub comment: String,
}

impl Silencing {
    /// What a request does; none where it is not about a silence.
    #[must_use]
    pub fn of(request: &HttpStep) -> Option<Silencing> {
        let (_, rest) = request.url.path().rsplit_once(PATH)?;
        match (request.method, rest) {
            (WritingMethod::Post, "s") => Wanted::of(request.body.as_deref()?).map(Silencing::Make),
            (WritingMethod::Delete, id) => Some(Silencing::End(id.strip_prefix('/')?.to_owned())),
            _ => None,
        }
    }

    /// The address of the Alertmanager that a request goes to, before the paths of its interface.
    #[must_use]
    pub fn base(request: &HttpStep) -> Url {
        let mut url = request.url.clone();
        if let Some((base, _)) = request.url.path().rsplit_once(PATH) {
            url.set_path(base);
        }
        url
    }
}

impl Wanted {
    fn of(body: &str) -> Option<Wanted> {
        let body: Value = serde_json::from_str(body).ok()?;
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let labels = body.get("matchers")?.as_array()?.iter();
        let labels = labels.map(|matcher| Some((text(matcher, "name")?, text(matcher, "value")?)));
        Some(Wanted {
            labels: labels.collect::<Option<Pairs>>()?,
            ends_at: text(&body, "endsAt").and_then(|end| instant(&end)),
            by: text(&body, "createdBy")?,
            comment: text(&body, "comment")?,
        })
    }

    /// As matchers are written.
    #[must_use]
    pub fn matchers(&self) -> String {
        let pairs: Vec<String> = self.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        format!("{{{}}}", pairs.join(", "))
    }

    /// Whether it keeps an alert with these labels back: one that is not there is an empty one.
    #[must_use]
    pub fn is_about(&self, labels: &Pairs) -> bool {
        let value = |name: &str| labels.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value);
        self.labels.iter().all(|(name, wanted)| value(name) == wanted)
    }
}

/// Milliseconds of Unix.
fn instant(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis())
}

/// Such a time for people.
#[must_use]
pub fn time(at: Option<i64>) -> String {
    let time = at.and_then(DateTime::from_timestamp_millis);
    time.map_or_else(|| "not known".to_owned(), |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// A silence as an object: it is the same as long as it is about the same, until the same time.
#[must_use]
pub fn object(silence: &RoutedSilence) -> Object {
    let (id, matchers, end) = (&silence.id, &silence.matchers, time(silence.ends_at));
    Object {
        key: ObjectKey::Named(Untrusted::from(format!("silence {id} of {matchers} until {end}"))),
        label: Safe::one_line(format!("silence {id}").as_bytes()),
        query: Untrusted::default(),
        user: Safe::default(),
        application: Safe::default(),
        client: Safe::default(),
        database: Safe::default(),
        age: None,
        remark: Safe::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: WritingMethod, path: &str, body: Option<&str>) -> HttpStep {
        HttpStep {
            method,
            url: Url::parse(&format!("http://127.0.0.1:9093{path}")).unwrap(),
            headers: Vec::new(),
            bearer: None,
            body: body.map(str::to_owned),
            ca_file: None,
            expected_status: Vec::new(),
        }
    }

    #[test]
    fn what_is_sent_says_what_is_done() {
        let body = r#"{"matchers":[{"name":"alertname","value":"Down","isRegex":false,"isEqual":true},
            {"name":"team","value":"","isRegex":false,"isEqual":true}],
            "endsAt":"2026-01-02T12:00:00Z","createdBy":"kim","comment":"why"}"#;
        let made = request(WritingMethod::Post, "/am/api/v2/silences", Some(body));
        let Some(Silencing::Make(wanted)) = Silencing::of(&made) else { panic!("it makes one") };
        assert_eq!(wanted.matchers(), "{alertname=\"Down\", team=\"\"}");
        assert_eq!((wanted.ends_at, wanted.by.as_str()), (Some(1_767_355_200_000), "kim"));
        assert_eq!(Silencing::base(&made).as_str(), "http://127.0.0.1:9093/am");
        let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        assert!(wanted.is_about(&pairs(&[("alertname", "Down"), ("instance", "a")])), "what is not there is empty");
        assert!(!wanted.is_about(&pairs(&[("alertname", "Down"), ("team", "db")])));
        let ended = request(WritingMethod::Delete, "/api/v2/silence/1-2", None);
        assert_eq!(Silencing::of(&ended), Some(Silencing::End("1-2".to_owned())));
        for other in [
            request(WritingMethod::Post, "/api/v2/alerts", Some(body)),
            request(WritingMethod::Delete, "/api/v2/silences", None),
            request(WritingMethod::Post, "/api/v2/silences", Some("{}")),
        ] {
            assert_eq!(Silencing::of(&other), None, "{other:?}");
        }
    }

    #[test]
    fn another_end_or_other_matchers_are_another_object() {
        let silence = |matchers: &str, end: i64, comment: &str| RoutedSilence {
            id: "1-2".to_owned(),
            matchers: matchers.to_owned(),
            starts_at: Some(0),
            ends_at: Some(end),
            by: "kim".to_owned(),
            comment: comment.to_owned(),
        };
        let key = |silence: RoutedSilence| object(&silence).key;
        let known = key(silence("{a=\"b\"}", 1000, "x"));
        assert_eq!(known, key(silence("{a=\"b\"}", 1000, "another word")));
        assert_ne!(known, key(silence("{a=\"b\"}", 1001, "x")));
        assert_ne!(known, key(silence("{a=\"c\"}", 1000, "x")));
    }
}
