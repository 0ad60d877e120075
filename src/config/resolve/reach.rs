//! From origin and path, or a whole URL, to what is asked; and what is off because nobody said where it is.

use url::Url;

use super::super::environments::url_is_loopback;
use super::super::layers::Item;
use super::super::nearest;
use super::super::problem::Layer;
use super::super::resolved::EndpointSpec;
use super::super::resolved::{OriginSpec, ServiceSpec};
use super::super::value::Value;
use super::builder::Builder;
use super::given::{file, flag, text, turn_on};

/// Where an entry leads.
pub enum Reach<'a> {
    /// There.
    At(Url, Option<&'a Item>),
    /// Nobody said where: why, and the line that turns it on.
    Off(String, String),
    /// Told as a problem.
    Wrong,
}

impl<'a> Builder<'a> {
    pub fn reach(&mut self, item: &'a Item) -> Reach<'a> {
        let path = text(item, "path");
        if let Some(Value::Url(url)) = item.given("url").map(|g| &g.value) {
            if path.is_some() {
                self.wrong(item, "path", "goes with origin; url holds the whole URL already");
            }
            return Reach::At(url.clone(), None);
        }
        let Some(name) = text(item, "origin") else { return self.nowhere(item, path) };
        let merged = self.merged;
        let Some(origin) = merged.find("origin", name) else {
            let hint = nearest::hint(name, merged.of("origin").map(|o| o.name.as_str()));
            self.wrong(item, "origin", &format!("there is no [[origin]] named {name:?}{hint}"));
            return Reach::Wrong;
        };
        if flag(origin, "off") {
            return Reach::Off(format!("its origin {name:?} is switched off"), "off = false".to_owned());
        }
        let Some(Value::Url(base)) = origin.given("url").map(|g| &g.value) else {
            return self.unset_origin(origin);
        };
        if let Some(url) = joined(base, path.unwrap_or("/")) {
            Reach::At(url, Some(origin))
        } else {
            self.wrong(item, "path", "does not make a URL with its origin");
            Reach::Wrong
        }
    }

    fn nowhere(&mut self, item: &Item, path: Option<&str>) -> Reach<'a> {
        if item.place.layer == Layer::Profile {
            let url = format!("\"http://HOST:PORT{}\"", path.unwrap_or("/"));
            return Reach::Off("set its URL".to_owned(), turn_on(item, "url", &url));
        }
        self.missing(item, "url", "missing: url, or origin and path, say where it is");
        Reach::Wrong
    }

    fn unset_origin(&mut self, origin: &Item) -> Reach<'a> {
        if origin.place.layer != Layer::Profile {
            return Reach::Wrong; // told once, where the origin is
        }
        let line = match self.profile {
            Some(profile) if self.main_origin().as_deref() == Some(&origin.name) => {
                format!("quarterdeck --profile {profile} http://HOST:PORT")
            }
            _ => turn_on(origin, "url", "\"http://HOST:PORT\""),
        };
        Reach::Off("set its URL".to_owned(), line)
    }

    pub fn origins(&mut self) {
        let merged = self.merged;
        for item in merged.of("origin").filter(|item| !flag(item, "off")) {
            let Some(Value::Url(url)) = item.given("url").map(|g| &g.value) else {
                if item.place.layer != Layer::Profile {
                    self.missing(item, "url", "missing: an origin says scheme, host and port");
                }
                continue;
            };
            if url.query().is_some() || url.fragment().is_some() {
                self.wrong(item, "url", "an origin has no query; it is scheme, host, port and perhaps a path");
            }
            let environment = self.environment(item, None, url_is_loopback(url));
            if flag(item, "discover") {
                self.resolved.origins.push(OriginSpec { url: url.clone(), environment });
                continue;
            }
            let used = merged.items.iter().any(|other| text(other, "origin") == Some(&item.name));
            if !used {
                self.note(format!(
                    "origin {:?} is used by nothing; discover = true looks for what is there",
                    item.name
                ));
            }
        }
    }

    /// The request of a cache or signal.
    pub fn request(&mut self, item: &Item, mut url: Url) -> EndpointSpec {
        let (headers, bearer) = self.credentials(item, &mut url);
        EndpointSpec { url, headers, bearer, ca_file: file(item, "ca_file") }
    }
}

/// A service by its name, for words.
pub fn known_name(services: &[ServiceSpec], url: &Url) -> Option<String> {
    services.iter().find(|s| &s.url == url).map(|s| s.name.to_string())
}

/// The path put behind the origin's own.
pub(super) fn joined(base: &Url, path: &str) -> Option<Url> {
    let mut text = base.clone();
    let (front, query) = path.split_once('?').map_or((path, None), |(front, query)| (front, Some(query)));
    let whole = format!("{}{front}", base.path().trim_end_matches('/'));
    text.set_path(&whole);
    text.set_query(query);
    text.set_fragment(None);
    (text.host_str() == base.host_str()).then_some(text)
}
