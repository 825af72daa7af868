//! Uses the crate: use VERSION job.json [OLD.db rows.sql]
//! OLD.db is a farm of an older version, which is upgraded.
//!
//! Without the feature `extension` it is what the script alone can do.
//! Prints a line for each check that failed, then `N passed, N failed`.

use rusqlite::types::FromSql;
use rusqlite::{Connection, Params, Result};

#[derive(Default)]
struct Checks {
    passed: u32,
    failed: u32,
}

impl Checks {
    fn check<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, got: T, want: T) {
        if got == want {
            self.passed += 1;
        } else {
            self.failed += 1;
            println!("{what}: wanted {want:?}, got {got:?}");
        }
    }

    fn work(
        &mut self,
        db: &Connection,
        claim: impl FnOnce(&mut Self, String) -> Result<()>,
    ) -> Result<()> {
        db.execute("UPDATE jobs SET status = 'queued'", [])?;
        let worker = value(
            db,
            "INSERT INTO workers (name, status, supported_task_types)
             VALUES ('node', 'awake', 'blender,ffmpeg') RETURNING uuid",
            [],
        )?;
        claim(self, worker)?;
        db.execute(
            "INSERT INTO task_updates (task_uuid, worker_uuid, status)
             SELECT task_uuid, worker_uuid, 'completed' FROM task_claims",
            [],
        )?;
        let summary: String = value(
            db,
            "SELECT status || num_completed || num_tasks FROM job_summaries",
            [],
        )?;
        self.check("summary", summary.as_str(), "active15");
        let problems: i64 = value(db, "SELECT count(*) FROM farm_problems", [])?;
        self.check("problems", problems, 0);
        Ok(())
    }
}

fn value<T: FromSql>(db: &Connection, sql: &str, parameters: impl Params) -> Result<T> {
    db.query_row(sql, parameters, |row| row.get(0))
}

#[cfg(feature = "extension")]
fn with_extension(checks: &mut Checks, db: &Connection, version: &str, job: &str) -> Result<()> {
    let loaded: String = value(db, "SELECT tablao_version()", [])?;
    checks.check("tablao_version", loaded.as_str(), version);
    let number = tablao::migrate(db)?;
    checks.check("again", tablao::migrate(db)?, number);
    let uuid: String = value(db, "SELECT store_authored_job(?)", [job])?;
    checks.check("store", uuid.len(), 36);
    checks.work(db, |checks, worker| {
        let task: String = value(db, "SELECT schedule_task(?)", [worker])?;
        checks.check("task", task.contains("render-1-3"), true);
        Ok(())
    })?;
    let errors: i64 = value(
        db,
        "SELECT count(*) FROM tablao_check WHERE severity = 'error'",
        [],
    )?;
    checks.check("check", errors, 0);
    Ok(())
}

/// Without the extension an older farm stays as it is.
fn refuse_upgrade(checks: &mut Checks, path: &str, rows: &str) -> Result<()> {
    let db = Connection::open(path)?;
    let before: String = value(&db, rows, [])?;
    checks.check("something to upgrade", before.lines().count() > 10, true);
    let old: i64 = value(&db, "SELECT max(version) FROM tablao_migrations", [])?;
    match tablao::migrate(&db) {
        Ok(version) => checks.check("same version", version, old),
        Err(error) => {
            let refused = error.to_string().contains("only the extension");
            checks.check("refusal", refused, true)
        }
    }
    checks.check("not changed", value(&db, rows, [])?, before);
    Ok(())
}

#[cfg(feature = "extension")]
fn upgrade(checks: &mut Checks, path: &str, rows: &str) -> Result<()> {
    let db = Connection::open(path)?;
    let before: String = value(&db, rows, [])?;
    tablao::load(&db)?;
    checks.check("upgrade", tablao::migrate(&db)?, tablao::SCHEMA_VERSION);
    checks.check("upgrade: rows", value(&db, rows, [])?, before);
    let problems: i64 = value(&db, "SELECT count(*) FROM farm_problems", [])?;
    checks.check("upgrade: problems", problems, 0);
    let after = r#"{"name": "after", "job_type": "t"}"#;
    let uuid: String = value(&db, "SELECT store_authored_job(?)", [after])?;
    checks.check("upgrade: store", uuid.len(), 36);
    Ok(())
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let version = arguments[1].as_str();
    let job = std::fs::read_to_string(&arguments[2])?;
    let mut checks = Checks::default();
    checks.check("version", tablao::VERSION, version);

    let db = Connection::open_in_memory()?;
    checks.check("migrate", tablao::migrate(&db)?, tablao::SCHEMA_VERSION);
    checks.check("again", tablao::migrate(&db)?, tablao::SCHEMA_VERSION);
    db.execute("INSERT INTO authored_jobs (document) VALUES (?)", [&job])?;
    checks.work(&db, |_, worker| {
        db.execute("INSERT INTO task_claims (worker_uuid) VALUES (?)", [worker])?;
        Ok(())
    })?;

    if let [_, _, _, old, rows] = &arguments[..] {
        refuse_upgrade(&mut checks, old, &std::fs::read_to_string(rows)?)?;
    }
    #[cfg(feature = "extension")]
    {
        let db = Connection::open_in_memory()?;
        tablao::load(&db)?;
        with_extension(&mut checks, &db, version, &job)?;
        if let [_, _, _, old, rows] = &arguments[..] {
            upgrade(&mut checks, old, &std::fs::read_to_string(rows)?)?;
        }
        tablao::load_into_all()?;
        with_extension(&mut checks, &Connection::open_in_memory()?, version, &job)?;
    }

    println!("SQLite {}", rusqlite::version());
    println!("{} passed, {} failed", checks.passed, checks.failed);
    std::process::exit((checks.failed > 0) as i32)
}
