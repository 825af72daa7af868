use std::ffi::{c_char, c_int, CStr};
use std::ptr;

use libsqlite3_sys as ffi;
use rusqlite::{Connection, Error, Result};

extern "C" {
    fn sqlite3_tablao_init(
        db: *mut ffi::sqlite3,
        error: *mut *mut c_char,
        api: *const ffi::sqlite3_api_routines,
    ) -> c_int;
}

/// Gives a connection the extension's functions and virtual tables.
pub fn load(farm: &Connection) -> Result<()> {
    let mut message: *mut c_char = ptr::null_mut();
    // SAFETY: the handle is that of an open connection. The API pointer is not
    // used when the extension is linked in. SQLite owns the message.
    unsafe {
        let code = sqlite3_tablao_init(farm.handle(), &mut message, ptr::null());
        let text =
            (!message.is_null()).then(|| CStr::from_ptr(message).to_string_lossy().into_owned());
        ffi::sqlite3_free(message.cast());
        outcome(code, text)
    }
}

/// Gives every connection that is opened from now on the extension.
pub fn load_into_all() -> Result<()> {
    // SAFETY: it is an entry point as SQLite wants it, and never unloaded.
    outcome(
        unsafe { ffi::sqlite3_auto_extension(Some(sqlite3_tablao_init)) },
        None,
    )
}

fn outcome(code: c_int, text: Option<String>) -> Result<()> {
    match code {
        ffi::SQLITE_OK => Ok(()),
        code => Err(Error::SqliteFailure(ffi::Error::new(code), text)),
    }
}
