//! The house as ARCHITECTURE.md draws it, read from the manifests and the sources.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Names under the tables of dependencies, those of tests apart.
fn dependencies(package: &str, table: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap();
    let mut is_inside = false;
    let mut names = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_inside = line == format!("[{table}]");
        } else if is_inside
            && let Some(name) = line.split(['.', ' ', '=']).next()
            && !name.is_empty()
            && !name.starts_with('#')
        {
            names.insert(name.to_owned());
        }
    }
    names
}

/// Packages whose `dependencies` name this one.
fn users_of(dependency: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, list) = manifest.split_once("members = [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    let members = list.split('"').skip(1).step_by(2);
    members
        .filter(|package| dependencies(package, "dependencies").contains(dependency))
        .map(str::to_owned)
        .collect()
}

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[test]
fn each_library_is_used_where_its_work_is_done() {
    let table = [
        ("sea-orm", set(["entity", "store", "tests"])),
        ("sea-orm-migration", set(["migration"])),
        ("reqwest", set(["runtime", "tests", "worker"])),
        ("poem", set(["api", "runtime", "simulators"])),
        ("poem-openapi", set(["api"])),
        ("askama", set(["pages"])),
    ];
    for (library, allowed) in table {
        let users = users_of(library);
        let strangers: Vec<_> = users.difference(&allowed).collect();
        let is_only_the_schema = library == "sea-orm" && strangers == ["migration"];
        assert!(
            strangers.is_empty() || is_only_the_schema,
            "{library} is used by {strangers:?}"
        );
    }
}

#[test]
fn the_doors_and_the_worker_meet_in_the_database_only() {
    assert!(!dependencies("api", "dependencies").contains("worker"));
    assert!(!dependencies("worker", "dependencies").contains("api"));
    for table in ["dependencies", "dev-dependencies"] {
        assert!(!dependencies("api", table).contains("worker"), "{table}");
        assert!(!dependencies("worker", table).contains("api"), "{table}");
    }
}

#[test]
fn the_law_knows_no_database_and_no_network() {
    let domain = dependencies("domain", "dependencies");
    for library in [
        "tokio", "sea-orm", "reqwest", "poem", "rand", "runtime", "store",
    ] {
        assert!(!domain.contains(library), "{library}");
    }
}

#[test]
fn pages_are_drawn_without_a_server_and_a_database() {
    let pages = dependencies("pages", "dependencies");
    for library in ["tokio", "poem", "store", "intake", "runtime", "api"] {
        assert!(!pages.contains(library), "{library}");
    }
}

#[test]
fn simulators_can_disagree_with_us() {
    let simulators = dependencies("simulators", "dependencies");
    for ours in [
        "domain", "store", "entity", "intake", "seeds", "api", "worker",
    ] {
        assert!(!simulators.contains(ours), "{ours}");
    }
}

#[test]
fn the_layers_point_downwards() {
    let forbidden = [
        ("runtime", vec!["domain", "store", "intake", "entity"]),
        ("entity", vec!["store", "intake"]),
        ("store", vec!["intake", "api", "worker", "runtime"]),
        (
            "intake",
            vec!["api", "worker", "cli", "poem", "reqwest", "sea-orm"],
        ),
        ("seeds", vec!["api", "worker", "intake"]),
        (
            "bench",
            vec!["api", "worker", "intake", "simulators", "cli"],
        ),
    ];
    for (package, above) in forbidden {
        let used = dependencies(package, "dependencies");
        for name in above {
            assert!(!used.contains(name), "{package} uses {name}");
        }
    }
}

/// Every text file of the repository that is not made by a tool.
fn sources() -> Vec<PathBuf> {
    const KINDS: [&str; 10] = [
        "rs", "toml", "md", "sh", "yml", "yaml", "py", "json", "sql", "conf",
    ];
    let mut found = Vec::new();
    let mut directories = vec![root().to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                if !["target", ".git", "secrets", "luutru-data"].contains(&name.as_str()) {
                    directories.push(path);
                }
            } else if path
                .extension()
                .is_some_and(|kind| KINDS.iter().any(|one| kind == *one))
            {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn no_source_names_a_path_of_one_machine() {
    // Put together here, so that this file does not find itself.
    let homes = ["/ho", "/ro", "/Us", "/wo"];
    let tails = ["me/", "ot/", "ers/", "rk/"];
    let paths: Vec<String> = homes
        .iter()
        .zip(tails)
        .map(|(head, tail)| format!("{head}{tail}"))
        .collect();
    let mut seen = 0;
    for path in sources() {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        seen += 1;
        for (number, line) in text.lines().enumerate() {
            let is_of_a_machine = paths.iter().any(|machine| {
                line.match_indices(machine.as_str())
                    // Not as a later part of a path or address.
                    .any(|(at, _)| {
                        !line[..at].ends_with(|letter: char| {
                            letter.is_alphanumeric() || "./_-}$".contains(letter)
                        })
                    })
            });
            assert!(
                !is_of_a_machine,
                "{}:{}: {line}",
                path.display(),
                number + 1
            );
        }
    }
    assert!(seen > 100, "only {seen} files were read");
}
