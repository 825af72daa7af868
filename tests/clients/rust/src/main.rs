//! The scenario through rusqlite, whose feature `bundled` compiles SQLite in.
//! Usage and protocol: see ../python/client.py.

use std::io::BufRead;
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{params_from_iter, Connection, LoadExtensionGuard, TransactionBehavior};
use serde_json::Value as Json;

fn check(name: &str, wrong: Result<(), String>) {
    match wrong {
        Ok(()) => println!("ok {name}"),
        Err(why) => println!("not ok {name}: {}", why.replace('\n', " ")),
    }
}

fn bind(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Integer(i64::from(*b)),
        Json::Number(n) => n
            .as_i64()
            .map_or_else(|| Value::Real(n.as_f64().unwrap()), Value::Integer),
        Json::String(s) => Value::Text(s.clone()),
        Json::Object(o) => match (o.get("real"), o.get("blob")) {
            (Some(real), _) => Value::Real(real.as_f64().unwrap()),
            (_, Some(blob)) => {
                let hex = blob.as_str().unwrap();
                Value::Blob(
                    (0..hex.len())
                        .step_by(2)
                        .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
                        .collect(),
                )
            }
            _ => panic!("no such parameter: {value}"),
        },
        Json::Array(_) => panic!("no such parameter: {value}"),
    }
}

fn json(value: ValueRef) -> Json {
    match value {
        ValueRef::Null => Json::Null,
        ValueRef::Integer(i) => i.into(),
        ValueRef::Real(f) => f.into(),
        ValueRef::Text(t) => String::from_utf8_lossy(t).into(),
        ValueRef::Blob(b) => format!("{b:?}").into(),
    }
}

fn query(db: &Connection, step: &Json) -> rusqlite::Result<Vec<Json>> {
    let none = Vec::new();
    let params = step["params"].as_array().unwrap_or(&none).iter().map(bind);
    let mut statement = db.prepare_cached(step["sql"].as_str().unwrap())?;
    let columns = statement.column_count();
    let mut rows = statement.query(params_from_iter(params))?;
    let mut got = Vec::new();
    while let Some(row) = rows.next()? {
        let values: rusqlite::Result<Vec<Json>> =
            (0..columns).map(|i| Ok(json(row.get_ref(i)?))).collect();
        got.push(Json::Array(values?));
    }
    Ok(got)
}

fn run(db: &Connection, step: &Json) -> Result<(), String> {
    match (query(db, step), step["error"].as_str()) {
        (Err(error), Some(want)) if error.to_string().contains(want) => Ok(()),
        (Err(error), _) => Err(error.to_string()),
        (Ok(_), Some(_)) => Err("no error".into()),
        (Ok(got), None) => match step.get("rows") {
            Some(want) if *want != Json::Array(got.clone()) => Err(format!("got {got:?}")),
            _ => Ok(()),
        },
    }
}

fn install(db: &Connection, build: &str, ext: bool) -> Result<(), String> {
    if ext {
        return db
            .query_row("SELECT tablao_migrate()", [], |row| row.get::<_, i64>(0))
            .map(|_| ())
            .map_err(|e| e.to_string());
    }
    let script = std::fs::read_to_string(format!("{build}/tablao.sql")).map_err(|e| e.to_string())?;
    db.execute_batch(&script).map_err(|e| e.to_string())
}

fn is<T: PartialEq + std::fmt::Debug>(got: rusqlite::Result<T>, want: T) -> Result<(), String> {
    match got {
        Ok(value) if value == want => Ok(()),
        other => Err(format!("got {other:?}, not {want:?}")),
    }
}

/// What this driver does that could matter.
fn extra(db: &mut Connection) {
    let one = |db: &Connection, sql: &str| db.query_row(sql, [], |row| row.get::<_, String>(0));
    // serde_json's Value is bound as text, a Vec<u8> as a BLOB.
    let bound = db.execute(
        "UPDATE jobs SET settings = ?1, metadata = ?2 WHERE uuid = 'job-doc'",
        (serde_json::json!({"r": 1}), br#"{"s":2}"#.to_vec()),
    );
    check("JSON is bound", is(bound, 1));
    let sql = "SELECT typeof(settings) || settings || typeof(metadata) || metadata FROM jobs WHERE uuid = 'job-doc'";
    check("and kept as text", is(one(db, sql), r#"text{"r":1}text{"s":2}"#.into()));
    check("f64 becomes an integer", is(
        db.execute("UPDATE jobs SET priority = ?1 WHERE uuid = 'job-doc'", [86.0])
            .and_then(|_| one(db, "SELECT typeof(priority) || priority FROM jobs WHERE uuid = 'job-doc'")),
        "integer86".into(),
    ));
    check("bool is bound as 0 or 1", is(
        rusqlite::types::ToSql::to_sql(&true).map(|v| v == ToSqlOutput::from(true)), true));
    // An INSERT into a door reports no changes; execute() gives 0, no error.
    check("a door reports no changed rows", is(
        db.execute("INSERT INTO task_updates (task_uuid, worker_uuid, status) VALUES ('doc-c', 'worker-eve', 'completed')", []),
        0,
    ));
    // A transaction rolls back when it is dropped.
    let refused = {
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        tx.execute("UPDATE jobs SET status = 'requeueing' WHERE uuid = 'job-shot'", []).unwrap();
        tx.execute("UPDATE jobs SET status = 'wrong'", []).is_err()
    };
    check("a refused statement in a transaction", is(Ok(refused), true));
    check("and the drop rolls back", is(one(db, "SELECT status FROM jobs WHERE uuid = 'job-shot'"), "failed".into()));
    let mut kept = db.prepare("SELECT count(*) FROM workers").unwrap();
    let before: rusqlite::Result<i64> = kept.query_row([], |row| row.get(0));
    db.execute_batch("CREATE TABLE rs_side (x); DROP TABLE rs_side").unwrap();
    check("a prepared statement outlives a change of the schema",
        is(kept.query_row([], |row| row.get(0)), before.unwrap()));
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, path, database, build, way] = &args[..] else {
        return Err("usage: client SCENARIO DATABASE BUILD ext|sql".into());
    };
    let scenario: Json = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let ext = way == "ext";
    let mut db = Connection::open(database)?;
    db.busy_timeout(Duration::from_secs(10))?;
    if ext {
        // Loading code is unsafe, and allowed only while the guard lives.
        unsafe {
            let _guard = LoadExtensionGuard::new(&db)?;
            db.load_extension(format!("{build}/tablao"), None::<&str>)?;
        }
    }
    let other = if ext { "no extension" } else { "extension" };
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["version"] => println!("version\trusqlite {}\t{}", env!("RUSQLITE_VERSION"), rusqlite::version()),
            ["install"] => check("install", install(&db, build, ext)),
            ["block", number] => {
                let block = &scenario["blocks"][number.parse::<usize>()?];
                for (i, step) in block["steps"].as_array().unwrap().iter().enumerate() {
                    if step["needs"] != other {
                        let name = format!("{}. {} #{}", block["section"], block["name"].as_str().unwrap(), i + 1);
                        check(&name, run(&db, step));
                    }
                }
            }
            ["extra"] => extra(&mut db),
            _ => check(&line, Err("no such command".into())),
        }
        println!("done");
    }
    db.close().map_err(|(_, error)| error)?;
    Ok(())
}
