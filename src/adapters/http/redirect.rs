//! Where a redirect may lead: http and https only, never from https down to http, never to a link-local address.

use std::net::{IpAddr, Ipv6Addr};

use url::{Host, Url};

use crate::domain::{Cause, Safe};

/// Most redirects that are followed.
pub const MAX_HOPS: u8 = 5;

/// The address a redirect leads to, without user-info, or why it is not followed.
pub fn target(from: &Url, location: &[u8]) -> Result<Url, Cause> {
    let refused = |why: String| Cause::RedirectRefused(Safe::of(why));
    let text = std::str::from_utf8(location).map_err(|_bytes| refused("its address is not text".to_owned()))?;
    let mut to = from.join(text).map_err(|e| refused(format!("its address cannot be read: {e}")))?;
    if !matches!(to.scheme(), "http" | "https") {
        return Err(refused(format!("it leads to {}:", to.scheme())));
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(refused("it leads from https down to http".to_owned()));
    }
    let address = match to.host() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        _ => None,
    };
    if !is_same_origin(from, &to)
        && let Some(ip) = address.filter(|ip| is_link_local(*ip))
    {
        return Err(refused(format!("it leads to the link-local address {ip}")));
    }
    to.set_fragment(None);
    if !to.username().is_empty() || to.password().is_some() {
        let _cannot_fail_with_a_host = (to.set_username(""), to.set_password(None));
    }
    Ok(to)
}

/// Same scheme, host and port: only there credentials go along.
#[must_use]
pub fn is_same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_or_known_default() == b.port_or_known_default()
}

/// Addresses of this link alone, where clouds keep their metadata: 169.254.0.0/16, fe80::/10, fd00:ec2::254.
#[must_use]
pub fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => {
            ip.is_unicast_link_local()
                || ip == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
                || ip.to_ipv4().is_some_and(|v4| v4.is_link_local())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(from: &str, location: &str) -> Result<String, String> {
        target(&Url::parse(from).unwrap(), location.as_bytes()).map(String::from).map_err(|c| c.to_string())
    }

    #[test]
    fn what_is_followed() {
        assert_eq!(to("http://a/x", "/y").unwrap(), "http://a/y");
        assert_eq!(to("http://a/x", "https://a/y#z").unwrap(), "https://a/y");
        assert_eq!(to("http://a/x", "//b:8080/").unwrap(), "http://b:8080/");
        assert_eq!(to("http://a/x", "http://user:pw@b/").unwrap(), "http://b/");
        assert_eq!(
            to("http://169.254.1.1/x", "/y").unwrap(),
            "http://169.254.1.1/y",
            "it is where it was told to look"
        );
    }

    #[test]
    fn what_is_not() {
        for location in [
            "file:///etc/passwd",
            "ftp://a/",
            "javascript:alert(1)",
            "http://169.254.169.254/latest/meta-data",
            "http://2852039166/",
            "http://0xa9.0xfe.0xa9.0xfe/",
            "http://[fe80::1]/",
            "http://[fd00:ec2::254]/",
            "http://[::ffff:169.254.169.254]/",
            "http://[",
        ] {
            assert!(to("http://a/x", location).is_err(), "{location}");
        }
        assert!(to("https://a/x", "http://a/y").unwrap_err().contains("down to http"));
        assert!(target(&Url::parse("http://a").unwrap(), b"/\xff").is_err());
    }

    #[test]
    fn origins() {
        let same = |a: &str, b: &str| is_same_origin(&Url::parse(a).unwrap(), &Url::parse(b).unwrap());
        assert!(same("https://a/x", "https://a:443/y"));
        assert!(
            !same("http://a/", "https://a/") && !same("http://a/", "http://a:81/") && !same("http://a/", "http://b/")
        );
    }
}
