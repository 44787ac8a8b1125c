//! `luutru completions` and `luutru man`: made from the definition of the commands, so that they
//! cannot differ from it.

use std::{fs, path::PathBuf};

use anyhow::{Context, ensure};
use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::{exit::ExitStatus, terminal};

/// Prints a completion script for a shell.
///
/// For bash, in ~/.bashrc: source <(luutru completions bash)
#[derive(Args)]
pub(crate) struct CompletionsOptions {
    /// The shell that will run the script.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the manual page of luutru or of one of its commands.
///
/// To read a page: luutru man key create | man -l -
#[derive(Args)]
pub(crate) struct ManOptions {
    /// The command, for instance "key create". Without one: the page of luutru itself.
    command: Vec<String>,

    /// Writes every page into this directory instead, as man(1) expects to find them: luutru.1,
    /// luutru-key-create.1 and so on. The directory is created if it does not exist.
    #[arg(
        long,
        env = "LUUTRU_MAN_TO",
        value_name = "DIRECTORY",
        conflicts_with = "command"
    )]
    to: Option<PathBuf>,
}

/// Prints the script.
pub(crate) fn completions(
    options: &CompletionsOptions,
    mut root: Command,
) -> anyhow::Result<ExitStatus> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut root, "luutru", &mut script);
    terminal::say(&String::from_utf8(script)?)?;
    Ok(ExitStatus::Success)
}

/// Prints a page, or writes all of them.
pub(crate) fn man(options: &ManOptions, root: Command) -> anyhow::Result<ExitStatus> {
    match &options.to {
        Some(directory) => {
            let refused = || format!("LUUTRU_MAN_TO: cannot write to {}", directory.display());
            fs::create_dir_all(directory).with_context(refused)?;
            clap_mangen::generate_to(root, directory).with_context(refused)?;
        }
        None => terminal::say(&page(root, &options.command)?)?,
    }
    Ok(ExitStatus::Success)
}

fn page(mut root: Command, words: &[String]) -> anyhow::Result<String> {
    root.build();
    let mut command = &root;
    for word in words {
        let next = command.find_subcommand(word);
        ensure!(
            next.is_some(),
            "there is no command luutru {}",
            words.join(" ")
        );
        command = next.unwrap_or(command);
    }
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    Ok(String::from_utf8(page)?)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, ValueEnum};

    use super::*;
    use crate::Cli;

    fn script(shell: Shell) -> String {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "luutru", &mut script);
        String::from_utf8(script).unwrap()
    }

    #[test]
    fn every_shell_completes_every_command_that_is_shown() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for command in Cli::command().get_subcommands() {
                if !command.is_hide_set() {
                    let name = command.get_name();
                    assert!(script.contains(name), "{shell} does not know {name}");
                }
            }
        }
    }

    #[test]
    fn a_command_of_two_words_has_a_page_with_its_options() {
        let words = ["key", "create"].map(str::to_owned);
        let page = page(Cli::command(), &words).unwrap();
        assert!(page.contains("luutru\\-key\\-create"), "{page}");
        assert!(page.contains("\\-\\-organisation"), "{page}");
    }

    #[test]
    fn a_command_that_is_not_there_is_refused_by_name() {
        let words = ["key", "forge"].map(str::to_owned);
        let refused = page(Cli::command(), &words).unwrap_err().to_string();
        assert_eq!(refused, "there is no command luutru key forge");
    }

    #[test]
    fn all_pages_are_written_into_a_new_directory() {
        let directory = tempfile::tempdir().unwrap();
        let to = directory.path().join("man1");
        let options = ManOptions {
            command: Vec::new(),
            to: Some(to.clone()),
        };
        man(&options, Cli::command()).unwrap();
        assert!(to.join("luutru.1").is_file());
        assert!(to.join("luutru-key-create.1").is_file());
        assert!(!to.join("luutru-read-file.1").exists());
    }
}
