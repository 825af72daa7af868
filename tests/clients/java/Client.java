import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.TimeZone;
import org.json.JSONArray;
import org.json.JSONObject;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteException;

/** The scenario through sqlite-jdbc. Usage and protocol: see ../python/client.py. */
public final class Client {
    private static Connection db;

    interface Body {
        void run() throws Exception;
    }

    private static void check(String name, String wrong) {
        System.out.println(wrong == null ? "ok " + name : "not ok " + name + ": " + wrong.replace('\n', ' '));
    }

    private static void check(String name, Object got, Object want) {
        check(name, want.equals(got) ? null : "got " + got + ", not " + want);
    }

    private static void bind(PreparedStatement statement, int index, Object value) throws SQLException {
        if (value instanceof JSONObject object) {
            if (object.has("real")) {
                statement.setDouble(index, object.getDouble("real"));
            } else {
                statement.setBytes(index, HexFormat.of().parseHex(object.getString("blob")));
            }
        } else if (value == JSONObject.NULL) {
            statement.setObject(index, null);
        } else {
            statement.setObject(index, value);
        }
    }

    private static JSONArray rows(ResultSet result) throws SQLException {
        JSONArray rows = new JSONArray();
        int columns = result.getMetaData().getColumnCount();
        while (result.next()) {
            JSONArray row = new JSONArray();
            for (int i = 1; i <= columns; i++) {
                Object value = result.getObject(i);
                row.put(value == null ? JSONObject.NULL : value);
            }
            rows.put(row);
        }
        return rows;
    }

    private static JSONArray query(JSONObject step) throws SQLException {
        try (PreparedStatement statement = db.prepareStatement(step.getString("sql"))) {
            JSONArray params = step.optJSONArray("params");
            for (int i = 0; params != null && i < params.length(); i++) {
                bind(statement, i + 1, params.get(i));
            }
            // execute() says whether there are rows to read.
            return statement.execute() ? rows(statement.getResultSet()) : new JSONArray();
        }
    }

    private static String run(JSONObject step) {
        JSONArray got;
        try {
            got = query(step);
        } catch (SQLException error) {
            boolean wanted = step.has("error") && error.getMessage().contains(step.getString("error"));
            return wanted ? null : error.getMessage();
        }
        if (step.has("error")) {
            return "no error";
        }
        boolean same = !step.has("rows") || got.toString().equals(step.getJSONArray("rows").toString());
        return same ? null : "got " + got;
    }

    private static void script(Path path) throws Exception {
        // executeUpdate() of a text without parameters runs all its statements.
        try (Statement statement = db.createStatement()) {
            statement.executeUpdate(Files.readString(path));
        }
    }

    private static Object one(String sql) throws SQLException {
        try (Statement statement = db.createStatement(); ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getObject(1);
        }
    }

    /** getTimestamp() and setTimestamp() in a zone that is not UTC, without and with what docs/clients.md says. */
    private static void timestamps(Instant stored) throws SQLException {
        String query = "SELECT last_seen_at FROM workers WHERE uuid = 'worker-ada'";
        TimeZone zone = TimeZone.getDefault();
        // A connection formats in the zone that is the default when it is opened.
        TimeZone.setDefault(TimeZone.getTimeZone("Asia/Tokyo"));
        SQLiteConfig config = new SQLiteConfig();
        config.setBusyTimeout(10000);
        try (Connection plain = DriverManager.getConnection(db.getMetaData().getURL(), config.toProperties());
                ResultSet result = plain.createStatement().executeQuery(query)) {
            check("getTimestamp() takes a time for one of the zone that Java runs in",
                Duration.between(result.getTimestamp(1).toInstant(), stored), Duration.ofHours(9));
        }
        config.setDateClass("TEXT");
        config.setDateStringFormat("yyyy-MM-dd HH:mm:ss.SSSXXX");
        try (Connection told = DriverManager.getConnection(db.getMetaData().getURL(), config.toProperties())) {
            try (ResultSet result = told.createStatement().executeQuery(query)) {
                check("unless told its form", result.getTimestamp(1).toInstant(), stored);
            }
            try (PreparedStatement update = told.prepareStatement("UPDATE workers SET last_seen_at = ? WHERE uuid = 'worker-ada'")) {
                update.setTimestamp(1, Timestamp.from(stored));
                update.executeUpdate();
            }
        } finally {
            TimeZone.setDefault(zone);
        }
        check("and so for setTimestamp()", one(query.replace("last_seen_at", "last_seen_at || ''")), "2026-04-13 09:30:00.000+00:00");
    }

    /** What this driver does that could matter. */
    private static void extra() throws SQLException {
        // setTimestamp() binds milliseconds since 1970, or a text in the zone
        // and the form of the connection's date_string_format. A number is no
        // time here, and is refused. Times are bound as text.
        Instant now = Instant.parse("2026-04-13T09:30:00Z");
        String text = now.toString().replace('T', ' ').replace("Z", ".000+00:00");
        try (PreparedStatement update = db.prepareStatement(
                "UPDATE workers SET last_seen_at = ? WHERE uuid = 'worker-ada'")) {
            update.setTimestamp(1, Timestamp.from(now));
            String said = "";
            try {
                update.executeUpdate();
            } catch (SQLException error) {
                said = error.getMessage();
            }
            check("setTimestamp() binds a number, which is refused", said.contains("must be a day that there is"), true);
            update.setString(1, text);
            update.executeUpdate();
        }
        check("times are bound as text", one("SELECT last_seen_at || '' FROM workers WHERE uuid = 'worker-ada'"), "2026-04-13 09:30:00.000+00:00");
        timestamps(now);
        try (ResultSet columns = db.getMetaData().getColumns(null, null, "%", "%")) {
            check("getColumns() of all tables", "no error");
        } catch (SQLException error) {
            check("getColumns() of all tables is too much for SQLite", error.getMessage().contains("too many terms in compound SELECT"), true);
        }
        try (PreparedStatement update = db.prepareStatement("UPDATE jobs SET settings = ?, priority = ? WHERE uuid = 'job-doc'")) {
            update.setBytes(1, "{\"j\":1}".getBytes(StandardCharsets.UTF_8));
            update.setDouble(2, 87);
            update.executeUpdate();
        }
        check("bytes of JSON become text, a double an integer",
            one("SELECT typeof(settings) || settings || typeof(priority) || priority FROM jobs WHERE uuid = 'job-doc'"),
            "text{\"j\":1}integer87");
        db.setAutoCommit(false);
        try (Statement statement = db.createStatement()) {
            statement.executeUpdate("UPDATE jobs SET status = 'requeueing' WHERE uuid = 'job-shot'");
            statement.executeUpdate("UPDATE jobs SET status = 'wrong'");
            check("a refusal", "no error");
        } catch (SQLiteException error) {
            check("a refusal has a code", error.getResultCode().name(), "SQLITE_CONSTRAINT_TRIGGER");
        }
        db.rollback();
        db.setAutoCommit(true);
        check("rollback()", one("SELECT status FROM jobs WHERE uuid = 'job-shot'"), "failed");
        try (PreparedStatement kept = db.prepareStatement("SELECT count(*) FROM workers"); Statement other = db.createStatement()) {
            String before = rows(kept.executeQuery()).toString();
            other.executeUpdate("CREATE TABLE java_side (x)");
            other.executeUpdate("DROP TABLE java_side");
            check("a prepared statement outlives a change of the schema", rows(kept.executeQuery()).toString(), before);
        }
    }

    public static void main(String[] args) throws Exception {
        JSONArray blocks = new JSONObject(Files.readString(Path.of(args[0]))).getJSONArray("blocks");
        boolean ext = args[3].equals("ext");
        SQLiteConfig config = new SQLiteConfig();
        config.setBusyTimeout(10000);
        config.enableLoadExtension(ext);
        db = DriverManager.getConnection("jdbc:sqlite:" + args[1], config.toProperties());
        if (ext) {
            try (PreparedStatement load = db.prepareStatement("SELECT load_extension(?)")) {
                load.setString(1, args[2] + "/tablao");
                load.execute();
            }
        }
        String other = ext ? "no extension" : "extension";
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ");
            Body body = switch (words[0]) {
                case "version" -> () -> System.out.println("version\tsqlite-jdbc "
                    + db.getMetaData().getDriverVersion() + ", Java " + Runtime.version().feature()
                    + "\t" + one("SELECT sqlite_version()"));
                case "install" -> () -> {
                    if (ext) {
                        one("SELECT tablao_migrate()");
                    } else {
                        script(Path.of(args[2], "tablao.sql"));
                    }
                    check("install", null);
                };
                case "block" -> () -> {
                    JSONObject block = blocks.getJSONObject(Integer.parseInt(words[1]));
                    JSONArray steps = block.getJSONArray("steps");
                    for (int i = 0; i < steps.length(); i++) {
                        JSONObject step = steps.getJSONObject(i);
                        if (!step.optString("needs").equals(other)) {
                            check(block.get("section") + ". " + block.get("name") + " #" + (i + 1), run(step));
                        }
                    }
                };
                default -> Client::extra;
            };
            try {
                body.run();
            } catch (Exception error) {
                check(line, error.toString());
            }
            System.out.println("done");
        }
        db.close();
    }
}
