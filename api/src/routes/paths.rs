//! The paths of all nouns as one table, and as the router's patterns.

use poem_openapi::registry::{MetaApi, MetaPath};

use crate::parameters;

/// One table of paths: nouns may share a path by different methods.
pub(super) fn merged(nouns: impl Iterator<Item = MetaApi>) -> Vec<MetaApi> {
    let mut paths: Vec<MetaPath> = Vec::new();
    for mut path in nouns.flat_map(|noun| noun.paths) {
        path.operations.iter_mut().for_each(parameters::spread);
        match paths.iter_mut().find(|known| known.path == path.path) {
            Some(known) => known.operations.extend(path.operations),
            None => paths.push(path),
        }
    }
    vec![MetaApi { paths }]
}

/// `/v1/stays/{id}` to `/v1/stays/:param0`.
pub(super) fn to_pattern(template: &str) -> String {
    let mut count = 0;
    let segments = template.split('/').map(|segment| {
        if segment.starts_with('{') {
            count += 1;
            format!(":param{}", count - 1)
        } else {
            segment.to_owned()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}
