//! The binary `luutru`: every command of the service in one self-contained binary.
//!
//! The default command is `luutru up`. Results go to standard output, logs and refusals to standard
//! error. Exit codes: 0 success, 1 done but something is wrong, 2 refused (usage, settings, a
//! missing peer), each with a sentence that says what to do.

mod up;

mod services;

mod backup;
mod check;
mod database;
mod delivery;
mod facilities;
mod keys;
mod manual;
mod measure;
mod organisations;
mod read_file;
mod receipt;
mod rewrite;

mod accounts;
mod assemble;
mod demo;
mod settings;

mod exit;
mod operator;
mod private_file;
mod progress;
mod terminal;

use std::{ffi::OsString, io::Write, process::ExitCode};

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use runtime::telemetry::{self, LogFormat};

use crate::exit::ExitStatus;

/// Declaration of stays: accepts declarations from front desks, issues signed receipts and
/// notifies the police.
#[derive(Parser)]
#[command(name = "luutru", version)]
struct Cli {
    #[command(flatten)]
    log: LogSettings,

    /// Name of the operator, for the audit. Defaults to the user of the operating system.
    #[arg(
        long = "as",
        env = "LUUTRU_OPERATOR",
        global = true,
        value_name = "NAME"
    )]
    operator: Option<String>,

    #[command(subcommand)]
    command: Command,
}

/// How the process logs.
#[derive(Args)]
struct LogSettings {
    /// Log levels, for instance info,store=debug.
    #[arg(
        long = "log",
        env = "LUUTRU_LOG",
        default_value = telemetry::DEFAULT_FILTER,
        global = true,
        value_name = "FILTER"
    )]
    filter: String,

    /// Log format: auto is text on a terminal and JSON otherwise.
    #[arg(
        long = "log-format",
        env = "LUUTRU_LOG_FORMAT",
        value_enum,
        default_value_t,
        global = true
    )]
    format: LogFormat,
}

#[derive(Subcommand)]
enum Command {
    Up(Box<up::UpOptions>),
    /// Serves the API.
    Api(Box<services::options::ApiOptions>),
    /// Checks identities and notifies the police endpoint.
    Worker(Box<services::options::WorkerOptions>),
    /// Simulates the population registry.
    RegistrySim(Box<services::options::RegistryOptions>),
    /// Simulates the police endpoint.
    PoliceSim(Box<services::options::PoliceOptions>),
    Migrate(Box<database::MigrateOptions>),
    Seed(Box<database::SeedOptions>),
    #[command(subcommand)]
    Organisation(organisations::OrganisationCommand),
    #[command(subcommand)]
    Facility(facilities::FacilityCommand),
    #[command(subcommand)]
    Key(keys::KeyCommand),
    #[command(subcommand)]
    Account(accounts::AccountCommand),
    #[command(subcommand)]
    Delivery(Box<delivery::DeliveryCommand>),
    #[command(subcommand)]
    Receipt(receipt::ReceiptCommand),
    Backup(Box<backup::BackupOptions>),
    Check(Box<check::CheckOptions>),
    Rewrite(Box<rewrite::RewriteOptions>),
    Load(Box<bench::load::LoadOptions>),
    /// Reads one file for the worker that started it.
    #[command(hide = true)]
    ReadFile,
    Bench(Box<bench::BenchOptions>),
    Completions(manual::CompletionsOptions),
    Man(manual::ManOptions),
}

/// An unoptimised build needs much of tokio's two megabytes; what is not used costs no memory.
const THREAD_STACK_BYTES: usize = 4 << 20;

fn main() -> ExitCode {
    let matches = Cli::command().get_matches_from(arguments());
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match start(cli, &matches) {
        Ok(ending) => ending.into(),
        Err(error) => {
            // Without standard error there is nowhere left to write this.
            let _ = writeln!(std::io::stderr(), "luutru: {error:#}");
            ExitCode::from(exit::REFUSED)
        }
    }
}

/// The process's arguments; without a command among them, `up`.
fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if is_without_command(&arguments) {
        arguments.push("up".into());
    }
    arguments
}

/// Only options that every command has, or nothing at all.
fn is_without_command(arguments: &[OsString]) -> bool {
    let mut rest = arguments.iter().skip(1).map(|word| word.to_string_lossy());
    while let Some(word) = rest.next() {
        match word.as_ref() {
            "--log" | "--log-format" | "--as" => {
                rest.next();
            }
            option if option.starts_with("--log=") || option.starts_with("--log-format=") => {}
            option if option.starts_with("--as=") => {}
            _ => return false,
        }
    }
    true
}

fn start(cli: Cli, matches: &ArgMatches) -> anyhow::Result<ExitStatus> {
    if matches!(cli.command, Command::ReadFile) {
        return read_file::execute();
    }
    telemetry::init(cli.log.format, &cli.log.filter, || progress::LogWriter)?;
    operator::name(cli.operator)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(THREAD_STACK_BYTES)
        .build()?;
    let ending = runtime.block_on(execute(cli.command, matches));
    // Whatever still runs has been asked to stop, or does not matter.
    runtime.shutdown_background();
    ending
}

async fn execute(command: Command, matches: &ArgMatches) -> anyhow::Result<ExitStatus> {
    match command {
        Command::Up(mut options) => {
            if let Some(("up", matches)) = matches.subcommand() {
                options.take_free_ports(matches);
            }
            up::execute(*options).await
        }
        Command::Api(options) => services::api(*options).await,
        Command::Worker(options) => services::worker(*options).await,
        Command::RegistrySim(options) => services::registry(*options).await,
        Command::PoliceSim(options) => services::police(*options).await,
        Command::Migrate(options) => database::migrate(*options).await,
        Command::Seed(options) => database::seed(*options).await,
        Command::Organisation(command) => organisations::execute(command).await,
        Command::Facility(command) => facilities::execute(command).await,
        Command::Key(command) => keys::execute(command).await,
        Command::Account(command) => accounts::execute(command).await,
        Command::Delivery(command) => delivery::execute(*command).await,
        Command::Receipt(command) => receipt::execute(&command),
        Command::Backup(options) => backup::execute(*options).await,
        Command::Check(options) => check::execute(*options).await,
        Command::Rewrite(options) => rewrite::execute(*options).await,
        Command::Load(options) => measure::load(*options).await,
        Command::ReadFile => read_file::execute(),
        Command::Bench(options) => measure::bench(*options).await,
        Command::Completions(options) => manual::completions(&options, Cli::command()),
        Command::Man(options) => manual::man(&options, Cli::command()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_it_is_up() {
        let table = [
            (vec!["luutru"], true),
            (vec!["luutru", "--log", "debug"], true),
            (vec!["luutru", "--log-format=json"], true),
            (vec!["luutru", "migrate"], false),
            (vec!["luutru", "--help"], false),
            (vec!["luutru", "--log", "debug", "up"], false),
        ];
        for (words, expected) in table {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            assert_eq!(is_without_command(&words), expected, "{words:?}");
        }
    }

    #[test]
    fn every_option_has_an_environment_variable() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                let is_built_in = matches!(argument.get_id().as_str(), "help" | "version");
                if is_built_in || argument.is_positional() {
                    continue;
                }
                let name = argument.get_env().map(|name| name.to_string_lossy());
                assert!(
                    name.is_some_and(|name| name.starts_with("LUUTRU_")),
                    "{} {}",
                    command.get_name(),
                    argument.get_id()
                );
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
