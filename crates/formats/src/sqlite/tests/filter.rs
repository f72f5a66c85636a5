use crate::sqlite::filter::Filter;
use anear_types::{Column, ColumnInfo, ColumnKind, ErrorKind, Value};

fn columns() -> Vec<Column> {
    let column = |name: &str, kind, values| Column { name: name.to_owned(), kind, values };
    vec![
        column("page num", ColumnKind::Int, vec![Value::Int(3), Value::Int(-1), Value::Null]),
        column(
            "file_name",
            ColumnKind::Text,
            vec![Value::text("a.pdf"), Value::text("B.pdf"), Value::text("c.txt")],
        ),
        column(
            "extra",
            ColumnKind::Mixed,
            vec![Value::text(r#"{"tags": ["x"], "n": 5}"#), Value::Real(0.5), Value::Bool(true)],
        ),
        column("flag", ColumnKind::Bool, vec![Value::Bool(true), Value::Bool(false), Value::Null]),
    ]
}

fn filter() -> Filter {
    let columns = columns();
    let infos: Vec<ColumnInfo> =
        columns.iter().map(|c| ColumnInfo { name: c.name.clone(), kind: c.kind }).collect();
    let mut filter = Filter::new(&infos).unwrap();
    filter.add(&columns).unwrap();
    filter
}

#[test]
fn conditions_find_rows() {
    let mut filter = filter();
    for (condition, rows) in [
        ("\"page num\" > 0", vec![0]),
        ("file_name LIKE '%.PDF'", vec![0, 1]),
        ("file_name GLOB '*.pdf' AND row < 1", vec![0]),
        ("lower(file_name) = 'b.pdf' -- a comment", vec![1]),
        ("extra->>'$.n' = 5", vec![0]),
        ("json_valid(extra) AND json_extract(extra, '$.tags[0]') = 'x'", vec![0]),
        ("json_contains(extra ->> '$.tags', 'x')", vec![0]),
        ("flag", vec![0]),
        ("flag IS NOT TRUE", vec![1, 2]),
        ("[page num] IN (3, -1) AND \"page num\" BETWEEN -5 AND 0", vec![1]),
        ("file_name = 'it''s'", vec![]),
        ("CASE WHEN row = 2 THEN 1 END", vec![2]),
        ("(1) OR (0)", vec![0, 1, 2]),
    ] {
        assert_eq!(filter.rows_where(condition, &[], 1000).unwrap(), rows, "{condition}");
    }
    let found =
        filter.rows_where("file_name = ? OR row = ?", &[Value::text("a.pdf"), Value::Int(2)], 1000);
    assert_eq!(found.unwrap(), [0, 2]);
    assert!(filter.rows_where("row = ?", &[], 1000).is_err());
    filter.add(&columns()).unwrap();
    assert_eq!(filter.rows_where("flag", &[], 1000).unwrap(), [0, 3]);
}

#[test]
fn nothing_but_an_expression_is_taken() {
    let mut filter = filter();
    for condition in [
        "",
        "1; DROP TABLE rows",
        "1) UNION SELECT (1",
        "1) LIMIT (1",
        "1) ORDER BY (row",
        "1) GROUP BY (row",
        "1) --",
        "1 /*",
        "'",
        "row IN (SELECT flag FROM rows WHERE flag)",
        "EXISTS (SELECT 1 FROM sqlite_schema)",
        "row IN rows",
        "load_extension('x')",
        "length(randomblob(100)) = 100",
        "length(zeroblob(1000000000)) > 1",
        "length(printf('%1000000000d', 1)) > 1",
        "readfile('/etc/passwd')",
        "count(*) > 1",
        "row_number() OVER () = 1",
        "row, row",
        "pragma_table_info('rows')",
    ] {
        let error = filter.rows_where(condition, &[], 1000).expect_err(condition);
        assert_eq!(error.kind(), ErrorKind::Usage, "{condition}: {error}");
        assert!(filter.columns_used(condition).is_err());
    }
    assert_eq!(filter.rows_where("1", &[], 1000).unwrap(), [0, 1, 2], "the table is unharmed");
}

#[test]
fn an_unknown_column_is_named_and_the_others_listed() {
    let error = filter().rows_where("pages > 1", &[], 1000).unwrap_err();
    assert!(error.to_string().contains("no such column: pages"), "{error}");
    assert!(error.help_text().unwrap().contains("\"file_name\""), "{error:?}");
    let error = filter().rows_where("file_name = \"a.pdf\"", &[], 1000).unwrap_err();
    assert!(error.to_string().contains("a.pdf"), "{error}");
}

#[test]
fn the_columns_of_a_condition_are_known_before_it_is_run() {
    let mut filter = filter();
    assert_eq!(filter.columns_used("FLAG AND \"Page Num\" > 1").unwrap(), [0, 3]);
    assert_eq!(filter.columns_used("row > 5").unwrap(), Vec::<usize>::new());
}

#[test]
fn time_and_memory_are_bounded() {
    let mut filter = Filter::new(&[]).unwrap();
    filter.add_bare(200_000).unwrap();
    let long = vec!["row % 7 = 1"; 900].join(" OR ");
    let begin = std::time::Instant::now();
    let error = filter.rows_where(&format!("NOT ({long}) AND 0 = ({long})"), &[], 20).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    assert!(begin.elapsed().as_secs() < 5);
    let doubled = (0..12).fold("'0123456789abcdef'".to_owned(), |text, _| {
        format!("replace({text}, '0', '0000000000000000')")
    });
    let error = filter.rows_where(&format!("length({doubled}) > 0"), &[], 5000).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    assert_eq!(filter.rows_where("row = 5", &[], 1000).unwrap(), [5]);
}

#[test]
fn a_column_may_be_called_row_or_like_another() {
    let text = |name: &str| ColumnInfo { name: name.to_owned(), kind: ColumnKind::Text };
    let mut filter =
        Filter::new(&[text("Row"), text("Title"), text("title"), text("rowid")]).unwrap();
    let value = |value: &str| Column {
        name: String::new(),
        kind: ColumnKind::Text,
        values: vec![Value::text(value)],
    };
    filter.add(&[value("r"), value("T"), value("t"), value("i")]).unwrap();
    assert_eq!(
        filter.rows_where("row = 'r' AND title = 'T' AND rowid = 'i'", &[], 1000).unwrap(),
        [0]
    );
    assert_eq!(filter.columns_used("title = 'T'").unwrap(), [1]);
}
