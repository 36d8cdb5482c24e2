//! Where a finding stands: files and lines, and the commit.

use super::v2_1_0 as sarif;
use super::{MOST_CHARS, plain};
use crate::finding::{Finding, Place};
use crate::model::registry::REGISTRY_PATH;
use crate::render::escape;

/// What paths are relative to.
pub(super) const BASE: &str = "%SRCROOT%";
/// Further places of one finding: GitHub shows 100 locations.
const MOST_PLACES: usize = 50;

/// The first place, and the others.
pub(super) fn locations(finding: &Finding) -> (sarif::Location, Vec<sarif::Location>) {
    let first = match finding.places.first() {
        Some(place) => of_place(place, None, Some(finding)),
        None => nowhere(Some(finding)),
    };
    let related = finding.places.iter().skip(1).take(MOST_PLACES).enumerate();
    let related = related.map(|(n, place)| of_place(place, Some(n.saturating_add(1)), None));
    (first, related.collect())
}

/// GitHub refuses a whole file in which one result has no line, so what has none is shown at the
/// registry, and says so.
pub(super) fn nowhere(finding: Option<&Finding>) -> sarif::Location {
    sarif::Location {
        id: None,
        physical_location: physical(REGISTRY_PATH, 1, 1),
        logical_locations: logical(finding),
        message: Some(plain("No line of a file decided this; it is shown here for want of one.")),
    }
}

fn of_place(place: &Place, id: Option<usize>, finding: Option<&Finding>) -> sarif::Location {
    sarif::Location {
        id,
        physical_location: physical(&place.path, place.spot.line, place.spot.column),
        logical_locations: logical(finding),
        message: (!place.label.is_empty()).then(|| plain(&place.label)),
    }
}

fn physical(path: &str, line: u32, column: u32) -> sarif::PhysicalLocation {
    sarif::PhysicalLocation {
        artifact_location: sarif::ArtifactLocation { uri: uri(path), uri_base_id: BASE },
        // The standard counts from 1, and 2^31 is where readers stop.
        region: sarif::Region {
            start_line: line.clamp(1, i32::MAX.unsigned_abs()),
            start_column: column.clamp(1, i32::MAX.unsigned_abs()),
        },
    }
}

fn logical(finding: Option<&Finding>) -> Vec<sarif::LogicalLocation> {
    let Some(finding) = finding else { return Vec::new() };
    let commit = finding.commit.map(|id| (id.to_string(), "commit"));
    let tag = finding.tag.as_deref().map(|tag| (escape::line_up_to(tag, MOST_CHARS), "tag"));
    commit
        .into_iter()
        .chain(tag)
        .map(|(fully_qualified_name, kind)| sarif::LogicalLocation { fully_qualified_name, kind })
        .collect()
}

/// A relative reference (RFC 3986, section 4.2): it has no scheme, no host, and begins with a
/// segment of the path. Everything that is not unreserved is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            b'/' if !uri.is_empty() && !uri.ends_with('/') => uri.push('/'),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_never_more_than_a_path() {
        assert_eq!(uri("keys/reviewer-registry.toml"), "keys/reviewer-registry.toml");
        assert_eq!(uri("a b/%2e?c#d"), "a%20b/%252e%3Fc%23d");
        assert_eq!(uri("//evil.example/x"), "%2F/evil.example/x");
        assert_eq!(uri("javascript:x"), "javascript%3Ax");
        assert_eq!(uri("é\n\u{202e}<"), "%C3%A9%0A%E2%80%AE%3C");
    }
}
