use libsqlite3_sys as ffi;
use rusqlite::{Connection, Error, OptionalExtension, Result};

use crate::{SCHEMA_SQL, SCHEMA_VERSION};

/// Brings a database to this version's schema and returns its number. Where the
/// connection has the extension, older farms are upgraded and databases of
/// Flamenco Manager become observed farms; without it, new farms are made and
/// no others.
pub fn migrate(farm: &Connection) -> Result<i64> {
    let has = |sql| farm.query_row(sql, [], |_| Ok(())).optional();
    let extension = has("SELECT 1 FROM pragma_function_list WHERE name = 'tablao_migrate'")?;
    if extension.is_some() {
        return farm.query_row("SELECT tablao_migrate()", [], |row| row.get(0));
    }
    let made = has("SELECT 1 FROM main.sqlite_schema
         WHERE type = 'table' AND name = 'tablao_migrations'")?;
    if made.is_none() {
        if let Err(error) = farm.execute_batch(SCHEMA_SQL) {
            // The script's own transaction, unless it failed at its BEGIN.
            if !farm.is_autocommit() {
                farm.execute_batch("ROLLBACK")?;
            }
            return Err(error);
        }
    }
    let version = farm.query_row("SELECT max(version) FROM tablao_migrations", [], |row| {
        row.get(0)
    })?;
    if version == SCHEMA_VERSION {
        return Ok(version);
    }
    Err(Error::SqliteFailure(
        ffi::Error::new(ffi::SQLITE_ERROR),
        Some(format!(
            "tablao: the database has schema version {version}, not {SCHEMA_VERSION}; \
             only the extension can migrate it"
        )),
    ))
}
