//! Runbooks: nested steps in their order, every problem of them at once, and those of the profile as its document has them.

use quarterdeck::config::resolved::Receivers;
use quarterdeck::config::{Inputs, resolve};
use quarterdeck::domain::Safe;
use quarterdeck::domain::target::Environment;
use quarterdeck::remediation::action::{Action, Plan};
use quarterdeck::remediation::approval::Policy;
use quarterdeck::remediation::level::Level;
use quarterdeck::remediation::runbook::{Deed, Runbook, RunbookStep};
use quarterdeck::remediation::step::Work;

use super::{file, profile, refused, resolved, variables};

pub const WATCHED: &str = r#"
    [[service]]
    name = "api"
    url = "http://127.0.0.1:1/health"
    [[service]]
    name = "api deep"
    url = "http://127.0.0.1:1/deep"
    [[database]]
    name = "main"
    url = "postgresql://ops@127.0.0.1/shop"
    environment = "staging"
    [[cache]]
    name = "redis"
    redis = "redis://127.0.0.1:6379"
    [[signal]]
    name = "used"
    disk = "/"
    unit = "%"
"#;

pub fn own(inputs: &Inputs) -> Vec<Action> {
    resolved(inputs).resolved.actions.own
}

pub fn runbook(action: &Action) -> &Runbook {
    match &action.plan {
        Plan::Runbook(runbook) => runbook,
        Plan::Wanting(wanting) => match &wanting.plan {
            Plan::Runbook(runbook) => runbook,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// A runbook of these steps, with a level.
fn of(level: &str, steps: &str) -> Action {
    let head = format!("[[runbook]]\nname = \"r\"\ntarget = \"api\"\nlevel = \"{level}\"\nwatch = \"service api\"\n");
    own(&file(&format!("{WATCHED}\n{head}\n{steps}"))).remove(0)
}

#[test]
fn steps_come_in_their_order_with_gates_and_what_undoes_them() {
    let action = of(
        "L2",
        r#"
        [[runbook.step]]
        look = "service api deep"
        [[runbook.step]]
        title = "stop it"
        unit = "api.service"
        verb = "stop"
        [runbook.step.undo]
        unit = "api.service"
        verb = "start"
        [[runbook.step]]
        when = "signal used < 90 %"
        ask = true
        wait = "service api not ok"
        [[runbook.step]]
        redis = ["DEL", "lock"]
        [[runbook.step]]
        pause = "3s"
        "#,
    );
    let runbook = runbook(&action);
    let titles: Vec<&str> = runbook.steps.iter().map(|step| step.title.as_str()).collect();
    assert_eq!(
        titles,
        ["look at health of api deep", "stop it", "wait until health of api is not ok", "DEL on redis", "wait 3s"]
    );
    assert_eq!(runbook.steps[1].undo.as_ref().unwrap().title.as_str(), "start api.service");
    assert!(runbook.steps[2].ask && runbook.asks());
    assert_eq!(runbook.steps[2].when.as_ref().unwrap().words().as_str(), "used is < 90 %");
    assert_eq!(action.limits.deadline, runbook.total());
    assert_eq!(action.target.environment, Environment::Local, "all of it is on this machine");
}

#[test]
fn as_dangerous_as_its_most_dangerous_step() {
    for (steps, declared, level) in [
        ("look = \"service api\"", "L1", Level::L1),
        ("query = \"SELECT 1\"", "L1", Level::L1),
        ("statement = \"DELETE FROM x\"", "L1", Level::L2),
        ("command = [\"true\"]", "L1", Level::L2),
        ("unit = \"api.service\"", "L1", Level::L2),
        ("sessions = \"terminate idle\"", "L1", Level::L2),
        ("explain = \"SELECT 1\"", "L1", Level::L1),
        ("redis = [\"GET\", \"a\"]", "L1", Level::L1),
        ("redis = [\"SET\", \"a\", \"1\"]", "L1", Level::L2),
        ("redis = [\"EVAL\", \"x\", \"0\"]", "L2", Level::L3),
        ("flush = \"redis\"", "L2", Level::L3),
        ("look = \"service api\"\n[runbook.step.undo]\nflush = \"redis\"", "L1", Level::L3),
    ] {
        let action = of(declared, &format!("[[runbook.step]]\n{steps}"));
        assert_eq!(action.level, level, "{steps}");
        let warned = action.warnings.iter().any(|words| words.as_str().contains("whatever is declared"));
        assert_eq!(warned, declared != level.word(), "{steps}");
    }
    let undeclared = file(&format!(
        "{WATCHED}\n[[runbook]]\nname = \"r\"\ntarget = \"api\"\n[[runbook.step]]\nlook = \"service api\""
    ));
    let action = own(&undeclared).remove(0);
    assert_eq!(action.level, Level::L3);
    assert!(action.warnings[0].as_str().contains("no level is given"));
}

#[test]
fn as_careful_as_what_it_touches() {
    let action = of("L2", "[[runbook.step]]\nstatement = \"DELETE FROM x\"");
    assert_eq!(action.target.environment, Environment::Staging, "the database is");
    let action = of("L2", "[[runbook.step]]\nunit = \"api.service\"\nssh = \"web1\"");
    assert_eq!(action.target.environment, Environment::Production);
}

#[test]
fn every_problem_at_once() {
    let text = "[[service]]\nname = \"api\"\nurl = \"http://127.0.0.1:1/health\"\n\
        [[runbook]]\nname = \"r\"\ntarget = \"api\"\nlevel = \"L2\"\nstep = 3\n\
        [[runbook]]\nname = \"s\"\nwatch = \"service apy\"\n\
        [[runbook.step]]\nlook = \"service apy\"\nlok = 1\n\
        [[runbook.step]]\nlook = \"service api\"\npause = \"2s\"\n\
        [[runbook.step]]\nask = true\n\
        [[runbook.step]]\nunit = \"a.service\"\n\
        [runbook.step.undo]\nunit = \"a.service\"\nask = true\n\
        [[runbook.step]]\nredis = [\"MONITOR\"]\nundo = \"none\"\n\
        [[runbook.step]]\nwait = \"service api < 3\"\n\
        [[runbook.step]]\nbinds = [\"a\"]\npause = \"1s\"\n";
    let said = refused(&file(text)).join("\n");
    for wanted in [
        ":8: runbook.step: there may be many: write it as [[runbook.step]]",
        ":11: runbook \"s\".watch: there is no service named \"apy\"",
        ":13: runbook \"s\" step 1.look: there is no service named \"apy\"",
        ":14: runbook \"s\" step 1.lok: no such key; did you mean \"look\"?",
        "runbook \"s\" step 2.pause: look and pause exclude each other; keep one of them",
        "runbook \"s\" step 3: does nothing",
        "runbook \"s\" step 4.undo.ask: means nothing in what undoes a step",
        "runbook \"s\" step 5.undo: it is a step itself: write it as [runbook.step.undo]",
        "runbook \"s\" step 5.cache: missing: there are several Redis, or none",
        "runbook \"s\" step 6.wait: \"< 3\" is none of its states; behind the name stands ok, not ok, degraded or down",
        "runbook \"s\" step 7.binds: means something only together with query or statement",
        "runbook \"s\".target: missing: the name that is typed to confirm",
    ] {
        assert!(said.contains(wanted), "{wanted}\n---\n{said}");
    }
}

#[test]
fn whoever_gives_steps_gives_all_of_them() {
    let steps = |text: &str| {
        let mut inputs = file(text);
        inputs.arguments = profile("pggit");
        let own = own(&inputs);
        own.iter().find(|action| action.id.as_str() == "cache-warming").map(|a| runbook(a).steps.len())
    };
    assert_eq!(steps(""), Some(5));
    assert_eq!(steps("[[runbook]]\nname = \"cache-warming\"\n[[runbook.step]]\nlook = \"service api\"\n"), Some(1));
    assert_eq!(steps("[[runbook]]\nname = \"cache-warming\"\nlevel = \"L2\"\n"), Some(5));
    assert_eq!(steps("[[runbook]]\nname = \"cache-warming\"\noff = true\n"), None);
}

#[test]
fn the_procedures_of_pggit() {
    let resolution = resolved(&Inputs { arguments: profile("pggit"), ..Inputs::default() });
    let procedure = |action: &&Action| matches!(action.plan, Plan::Runbook(_) | Plan::Wanting(_));
    let own: Vec<&Action> = resolution.resolved.actions.own.iter().filter(procedure).collect();
    let told: Vec<String> = own
        .iter()
        .map(|action| {
            let runbook = runbook(action);
            let gates = runbook.steps.iter().filter(|step| step.ask).count();
            format!("{} {} {} steps {gates} gates", action.id, action.level, runbook.steps.len())
        })
        .collect();
    assert_eq!(
        told,
        [
            "safe-restart L2 4 steps 0 gates",
            "startup L2 9 steps 1 gates",
            "shutdown L2 3 steps 1 gates",
            "cache-warming L1 5 steps 0 gates",
            "high-latency L2 7 steps 2 gates",
            "high-error-rate L2 9 steps 1 gates",
            "pool-exhausted L2 6 steps 3 gates",
            "disable-webhook L2 3 steps 0 gates",
            "queue-backlog L2 6 steps 1 gates",
        ]
    );
    assert!(own.iter().all(|action| !action.proof.trials.is_empty()));
    // The document's endpoint tells no counters.
    let warned = own.iter().filter(|action| !action.warnings.is_empty()).map(|action| action.id.as_str());
    assert_eq!(warned.collect::<Vec<_>>(), ["cache-warming"]);
    assert!(own[3].warnings[0].as_str().contains("ratio of its whole life"), "{:?}", own[3].warnings);
    assert_eq!(resolution.resolved.notes, []);
    let waits =
        |action: &Action| runbook(action).steps.iter().any(|step| matches!(step.deed, Deed::Work(Work::WaitUntil(_))));
    assert!(waits(own[0]) && waits(own[1]) && waits(own[2]), "what starts and stops is waited for");
}

#[test]
fn what_a_profile_says_of_its_own_machine_is_not_done_on_this_one() {
    let variables = variables(&[("API_URL", "https://api.example.com")]);
    let resolution = resolve(&Inputs { arguments: profile("pggit"), variables, ..Inputs::default() }).unwrap();
    let ids: Vec<&str> = resolution.resolved.actions.own.iter().map(|action| action.id.as_str()).collect();
    assert_eq!(ids, ["cache-warming"], "no systemd of this machine, and no database that is not watched");
}

#[test]
fn whose_idle_sessions_a_step_ends_is_said_and_never_guessed() {
    use quarterdeck::remediation::action::{Databases, SessionSelector};
    let step = |more: &str| of("L2", &format!("[[runbook.step]]\nsessions = \"terminate idle\"\n{more}"));
    let whose = |more: &str| match &runbook(&step(more)).steps[0].deed {
        Deed::Sessions { selector: SessionSelector::Idle { user, application, databases, .. }, .. } => {
            (user.clone(), application.clone(), databases.clone())
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(whose(""), (None, None, Databases::Present));
    let all = whose("user = \"web\"\napplication = \"job\"\nin_database = \"side\"");
    assert_eq!(all, (Some("web".to_owned()), Some("job".to_owned()), Databases::Named("side".to_owned())));
    assert_eq!(whose("every_database = true").2, Databases::Every);
    let head = "[[runbook]]\nname = \"r\"\ntarget = \"api\"\nlevel = \"L2\"\n[[runbook.step]]\n";
    for (step, why) in [
        ("sessions = \"terminate idle\"\nin_database = \"*\"", "every_database = true means every one"),
        ("sessions = \"terminate idle\"\nin_database = \"\"", "in_database"),
        ("sessions = \"terminate idle\"\nevery_database = false", "every_database"),
        ("sessions = \"terminate idle\"\nin_database = \"a\"\nevery_database = true", "contradicts"),
        ("sessions = \"cancel root blocker\"\nuser = \"web\"", "only with"),
        ("pause = \"1s\"\nin_database = \"a\"", "in_database"),
    ] {
        let told = refused(&file(&format!("{WATCHED}\n{head}{step}"))).join("\n");
        assert!(told.contains(why), "{step}: {told}");
    }
}

#[test]
fn backups_and_upkeep_of_the_configuration_are_steps_too() {
    const ACTIONS: &str = r#"
        [[action]]
        name = "vacuum-orders"
        vacuum = "public.orders"
        [[action]]
        name = "backup"
        backup = "main"
        folder = "/backups"
        scratch = "main"
        [[action]]
        name = "warm"
        url = "http://127.0.0.1:1/warm"
        level = "L1"
    "#;
    let text = |level: &str, steps: &str| {
        format!("{WATCHED}{ACTIONS}\n[[runbook]]\nname = \"r\"\ntarget = \"api\"\nlevel = \"{level}\"\n{steps}")
    };
    let steps = "[[runbook.step]]\naction = \"backup\"\n[[runbook.step]]\naction = \"vacuum-orders\"\n";
    let all = own(&file(&text("L1", steps)));
    let action = all.iter().find(|action| action.id.as_str() == "r").unwrap();
    assert_eq!((action.level, &action.target.environment), (Level::L2, &Environment::Staging));
    let deeds: Vec<&Deed> = runbook(action).steps.iter().map(|step| &step.deed).collect();
    assert!(matches!(deeds.as_slice(), [Deed::Backup { .. }, Deed::Upkeep { .. }]), "{deeds:?}");
    assert_eq!(runbook(action).databases(), [0, 0], "which are locked");
    for (step, why) in
        [("vacuum-ordres", "did you mean \"vacuum-orders\"?"), ("warm", "is neither upkeep nor a backup")]
    {
        let told = refused(&file(&text("L2", &format!("[[runbook.step]]\naction = \"{step}\"\n")))).join("\n");
        assert!(told.contains(why), "{step}: {told}");
    }
}

fn orchestrator(more: &str) -> Inputs {
    let own = "[[action]]\nname = \"backup\"\nscratch = \"project_orchestrator\"\n";
    Inputs { arguments: profile("orchestrator"), ..file(&format!("{own}{more}")) }
}

const NAMED: &str = "[[runbook]]\nname = \"restart-app\"\ncompose_file = \"/srv/app/docker-compose.yml\"\n\
    [[runbook]]\nname = \"migrate\"\ncompose_file = \"/srv/app/docker-compose.yml\"\n\
    [[runbook]]\nname = \"rollback-migration\"\nproject = \"app\"\n";

#[test]
fn the_procedures_of_orchestrator() {
    let all = own(&orchestrator(NAMED));
    let told: Vec<String> = all.iter().map(|action| format!("{} {}", action.id, action.level)).collect();
    assert_eq!(told, ["backup L2", "restart-app L2", "migrate L2", "rollback-migration L3"]);
    // Stopped before it is backed up: what is written in between is in no backup.
    for action in all.iter().skip(2) {
        let steps = &runbook(action).steps;
        let stop = steps.iter().position(|step| step.title.as_str().starts_with("stop the app")).unwrap();
        let backup = steps.iter().position(|step| matches!(step.deed, Deed::Backup { .. })).unwrap();
        assert!(stop < backup && steps[stop].ask, "{}", action.id);
        // A person lets it migrate, with the schema of both at hand, and the database itself says what became of it.
        let reads = |step: &RunbookStep| matches!(&step.deed, Deed::Work(Work::Sql(sql)) if sql.read_only && sql.sql.contains("alembic_version"));
        let migrates = |step: &RunbookStep| matches!(&step.deed, Deed::Work(Work::Command(command)) if !command.reads);
        let at: Vec<usize> = (0..steps.len()).filter(|at| migrates(&steps[*at])).collect();
        let [at] = at[..] else { panic!("{}: {at:?} migrate", action.id) };
        assert!(steps[..stop].iter().any(reads) && backup < at && reads(&steps[at + 1]), "{}", action.id);
        let minds: Vec<&str> = action.warnings.iter().map(Safe::as_str).collect();
        assert!(minds.iter().any(|mind| mind.starts_with("alembic takes its database from")), "{minds:?}");
        assert!(minds.iter().any(|mind| mind.starts_with("uv runs in the folder in which")), "{minds:?}");
    }
    let of_compose =
        |action: &Action| action.warnings.iter().any(|mind| mind.as_str().contains("without compose_file"));
    assert_eq!(
        all.iter().map(of_compose).collect::<Vec<_>>(),
        [false, false, false, true],
        "a project alone is no file"
    );
    let here = own(&Inputs { here: Some("/home/me".into()), ..orchestrator(NAMED) });
    let minds = format!("{:?}", here[2].warnings);
    assert!(minds.contains("uv runs in /home/me, the folder in which this was started"), "{minds}");

    let bare = resolved(&Inputs { arguments: profile("orchestrator"), ..Inputs::default() }).resolved;
    let off: Vec<&str> = bare.off.iter().map(|off| off.name.as_str()).collect();
    assert!(off.contains(&"backup") && off.contains(&"migrate"), "{off:?}: nobody said where it may be restored");
    let unnamed = resolved(&orchestrator("")).resolved;
    let off = unnamed.off.iter().find(|off| off.name.as_str() == "restart-app").expect("nobody said whose project");
    assert!(off.why.as_str().contains("compose project") && off.turn_on.as_str().contains("compose_file"), "{off:?}");
}

#[test]
fn no_runbook_of_a_profile_asks_while_something_is_stopped() {
    for name in ["codebook", "ecosystem", "kinexus", "orchestrator", "pggit"] {
        let inputs = if name == "orchestrator" { orchestrator(NAMED) } else { Inputs::default() };
        for action in own(&Inputs { arguments: profile(name), ..inputs }) {
            if matches!(action.plan, Plan::Runbook(_) | Plan::Wanting(_)) {
                assert_eq!(runbook(&action).asks_while_stopped(), None, "{name}: {}", action.id);
            }
        }
    }
    let sample = [include_str!("../../assets/demo.toml"), include_str!("../../assets/demo_database.toml")]
        .concat()
        .replace("\"DATABASE\"", "\"postgresql://ops@localhost/pggit\"")
        .replace("\"API\"", "\"http://localhost:1\"")
        .replace("\"WORKER/health\"", "\"http://localhost:2/health\"")
        .replace("\"GATEWAY/health\"", "\"http://localhost:3/health\"");
    let books = own(&file(&sample)).into_iter().filter(|action| matches!(action.plan, Plan::Runbook(_)));
    let asks: Vec<_> = books.map(|action| (runbook(&action).asks(), runbook(&action).asks_while_stopped())).collect();
    assert_eq!(asks, [(true, None), (false, None), (false, None)], "of the sample");
    let order = |verb: &str, more: &str| format!("[[runbook.step]]\nunit = \"api.service\"\nverb = \"{verb}\"\n{more}");
    let manual = "[[runbook.step]]\nmanual = \"look\"\n";
    for (steps, asks) in [
        ([order("stop", "ask = true\n"), order("start", "")].concat(), None),
        ([order("stop", ""), order("start", "ask = true\n")].concat(), Some("step 2 asks while what step 1 stopped")),
        ([order("stop", ""), manual.to_owned(), order("restart", "")].concat(), Some("step 2 asks")),
        ([order("stop", ""), order("start", ""), manual.to_owned()].concat(), None),
        ([order("stop", ""), manual.to_owned()].concat(), None),
    ] {
        let action = of("L2", &steps);
        let told = action.warnings.iter().find(|mind| mind.as_str().contains("asks while"));
        assert_eq!(told.is_some(), asks.is_some(), "{steps}");
        assert!(asks.is_none_or(|words| told.unwrap().as_str().contains(words)), "{told:?}");
    }
}

#[test]
fn what_guards_an_action_guards_the_runbook_that_does_it() {
    const VACUUM: &str = "[[action]]\nname = \"vacuum-orders\"\nvacuum = \"public.orders\"\ncool_down = \"7m\"\nrequires = [\"signal used < 80\"]\n";
    let text = format!(
        "{WATCHED}{VACUUM}\n[[runbook]]\nname = \"r\"\ntarget = \"api\"\nlevel = \"L2\"\n[[runbook.step]]\naction = \"vacuum-orders\"\n"
    );
    let all = own(&file(&text));
    let by = |id: &str| all.iter().find(|action| action.id.as_str() == id).unwrap();
    let (action, book) = (by("vacuum-orders"), by("r"));
    assert!(!action.preconditions.is_empty() && !action.warnings.is_empty());
    assert_eq!(book.preconditions, action.preconditions);
    assert!(
        book.warnings.iter().any(|said| said.as_str().contains(action.warnings[0].as_str())),
        "{:?}",
        book.warnings
    );
    assert_eq!(book.limits.cool_down, std::time::Duration::from_secs(7 * 60));
    for entry in ["vacuum-orders", "vacuum-orders in dev"] {
        let policy =
            Policy { refused: vec![entry.to_owned()], second_person: vec![entry.to_owned()], ..Policy::default() };
        assert!(policy.against(book).is_some() && policy.wants_second_person(book), "{entry}");
    }
    let other = Policy { refused: vec!["reindex".to_owned()], ..Policy::default() };
    assert!(other.against(book).is_none());
}

#[test]
fn each_request_of_a_runbook_has_its_own_preview() {
    let step = |pointer: &str| {
        format!(
            "[[runbook.step]]\nurl = \"http://127.0.0.1:1/hooks/{{id}}\"\npreview_path = \"/waiting\"\npreview_pointer = \"/{pointer}\"\n"
        )
    };
    let head = "[[runbook]]\nname = \"r\"\ntarget = \"api\"\nlevel = \"L2\"\nparameter = [{ name = \"id\", type = \"integer\" }]\n";
    let spec = resolved(&file(&format!("{WATCHED}\n{head}{}{}", step("a"), step("b")))).resolved.actions;
    let (book, beside) = (runbook(&spec.own[0]), &spec.beside[0]);
    let pointers: Vec<String> = book
        .steps
        .iter()
        .map(|step| match beside.steps.iter().find(|(entry, _)| *entry == step.entry) {
            Some((_, Receivers::Endpoint { pointer, .. })) => pointer.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(pointers, ["/a", "/b"]);
    let told = refused(&file(&format!("{WATCHED}\n{head}{}", step("{id}")))).join("\n");
    assert!(told.contains("stands in a preview"), "{told}");
}

/// Ending sessions has a step of its own, with a list on the card and sessions that are never touched.
#[test]
fn a_statement_ends_no_sessions_and_what_nobody_classified_is_dangerous() {
    let statement = |sql: &str| format!("[[runbook.step]]\nstatement = {sql:?}\n");
    let head = "[[runbook]]\nname = \"r\"\ntarget = \"api\"\nlevel = \"L2\"\nwatch = \"service api\"\n";
    let sql = "SELECT \"pg_terminate_backend\" /* now */ (pid) FROM pg_stat_activity WHERE state = 'idle'";
    let told = refused(&file(&format!("{WATCHED}\n{head}\n{}", statement(sql)))).join("\n");
    assert!(told.contains("pg_terminate_backend") && told.contains("sessions = "), "{told}");
    for (sql, level, why) in [
        ("SELECT pg_reload_conf()", Level::L2, None),
        ("SELECT pg_drop_replication_slot('old')", Level::L3, Some("its steps demand L3")),
        ("SELECT shop.purge()", Level::L3, Some("nobody here knows what shop.purge does")),
    ] {
        let action = of("L2", &statement(sql));
        let told = action.warnings.iter().map(Safe::as_str).collect::<Vec<_>>().join("; ");
        assert_eq!(action.level, level, "{sql}");
        assert!(why.map_or(told.is_empty(), |why| told.contains(why)), "{sql}: {told}");
    }
}
