//! Backups and upkeep as they are declared: what must stand beside what, and what is refused.

use std::time::Duration;

use quarterdeck::config::{Inputs, SourceFile, resolve};
use quarterdeck::remediation::action::Plan;
use quarterdeck::remediation::backup::Scratch;
use quarterdeck::remediation::upkeep::UpkeepVerb;

const DATABASE: &str =
    "[[database]]\nname = \"main\"\nurl = \"postgresql://ops@db.example.com/shop\"\nenvironment = \"staging\"\n";

fn resolved(action: &str) -> Result<quarterdeck::config::Resolved, String> {
    let text = format!("{DATABASE}[[action]]\nname = \"it\"\n{action}\n");
    let file = SourceFile { path: "quarterdeck.toml".into(), text };
    let told = resolve(&Inputs { file: Some(file), ..Inputs::default() });
    told.map(|resolution| resolution.resolved).map_err(|problems| format!("{problems:#?}"))
}

#[test]
fn a_backup_names_its_folder_and_where_it_may_be_restored() {
    let backup = |more: &str| resolved(&format!("backup = \"main\"\n{more}"));
    for (more, why) in [
        ("", "folder"),
        ("folder = \"/b\"", "scratch"),
        ("folder = \"/b\"\nscratch = \"mian\"", "no [[database]] named"),
        (
            "folder = \"/b\"\nscratch = \"postgresql://ops:secret@elsewhere/x\"",
            "a password does not belong into a file",
        ),
    ] {
        let told = backup(more).expect_err(more);
        assert!(told.contains(why) && !told.contains("secret@"), "{more}: {told}");
    }
    let watched = backup("folder = \"/b\"\nscratch = \"main\"\nkeep = 3").unwrap();
    let Plan::Backup(plan) = &watched.actions.own[0].plan else { panic!("{:?}", watched.actions.own) };
    assert_eq!((plan.scratch, plan.keep), (Scratch::Watched(0), Some(3)));
    assert_eq!(watched.actions.own[0].target.environment.word(), "STAGING", "as the database is");
    let action = &watched.actions.own[0];
    assert!(action.limits.cap > 1 && action.undo.as_str().contains("deleted for good"), "{action:?}");
    let declared = backup("folder = \"/b\"\nscratch = \"postgresql://ops@elsewhere/postgres\"").unwrap();
    assert_eq!(declared.actions.scratch_servers.len(), 1);
}

#[test]
fn upkeep_is_of_a_database_of_the_configuration_and_never_full() {
    assert!(resolved("vacuum = \"t\"\ndatabase = \"mian\"").expect_err("unknown").contains("no [[database]] named"));
    assert!(resolved("analyse = \"t\"\nand_analyse = true").is_err(), "it means something beside vacuum only");
    let own = resolved("vacuum = \"t\"\nlevel = \"L1\"").unwrap().actions.own;
    assert_eq!(own[0].level.word(), "L2", "it only tightens");
    assert!(!format!("{own:?}").to_lowercase().contains("full"));
    let own = resolved("drop_leftover = \"t_ccnew\"").unwrap().actions.own;
    let Plan::Upkeep(upkeep) = &own[0].plan else { panic!("{own:?}") };
    assert_eq!((upkeep.verb, upkeep.lock_timeout), (UpkeepVerb::DropLeftover, Duration::from_secs(3)));
    assert!(resolved("drop_leftover = \"t_ccnew\"\nreindex = \"t\"").is_err(), "one thing is done");
}
