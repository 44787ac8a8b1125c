//! Every row of both vector files, generated cards, and any text at all.

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::catalogue::Catalogues;
use crate::time::parse_day;

#[derive(Deserialize)]
struct QrVectors {
    as_of: String,
    valid: Vec<QrVector>,
    invalid: Vec<QrVector>,
}

#[derive(Deserialize)]
struct QrVector {
    id: String,
    text: String,
    expect: Option<String>,
}

#[derive(Deserialize)]
struct MrzVectors {
    valid: Vec<MrzVector>,
    invalid: Vec<MrzVector>,
}

#[derive(Deserialize)]
struct MrzVector {
    id: String,
    lines: Vec<String>,
}

fn today() -> NaiveDate {
    parse_day("2026-11-23").unwrap()
}

fn catalogues() -> Catalogues {
    let codes = [
        "VNM", "KOR", "DEU", "AUS", "XXA", "XXB", "UNO", "GBD", "FRA", "LAO", "CHE", "XKX",
    ];
    let countries = codes
        .iter()
        .map(|code| ((*code).to_owned(), json!({"kind": "iso", "name_en": code})))
        .collect();
    Catalogues::read(&Vec::new(), &Vec::new(), &countries, &Vec::new()).unwrap()
}

/// `pointer code` of each warning.
fn doubts(scan: &Scan) -> Vec<String> {
    let line = |warning: &Violation| format!("{} {}", warning.pointer, warning.code);
    scan.warnings.iter().map(line).collect()
}

fn read_lines(lines: &[String]) -> Result<Scan, Code> {
    read_mrz(&lines.join("\n"), today(), &catalogues())
}

/// Every result has the shape of a stay's guest.
fn assert_has_shape_of_guest(scan: &Scan) {
    let (_, violations) = Draft::read(&json!({"guest": scan.guest}));
    assert_eq!(violations, []);
    for warning in &scan.warnings {
        assert!(warning.pointer.starts_with(GUEST), "{}", warning.pointer);
    }
}

fn qr_vectors() -> QrVectors {
    let vectors: QrVectors =
        serde_json::from_str(include_str!("../../testdata/qr_vectors.json")).unwrap();
    assert_eq!(parse_day(&vectors.as_of), Some(today()));
    assert_eq!((vectors.valid.len(), vectors.invalid.len()), (12, 12));
    vectors
}

fn mrz_vectors() -> MrzVectors {
    serde_json::from_str(include_str!("../../testdata/mrz_vectors.json")).unwrap()
}

#[test]
fn every_valid_qr_text_is_read_without_a_doubt() {
    for vector in qr_vectors().valid {
        let scan = read_qr(&vector.text, today()).unwrap();
        assert_eq!(scan.warnings, [], "{}", vector.id);
        assert_has_shape_of_guest(&scan);
        let fields: Vec<&str> = vector
            .text
            .trim()
            .trim_matches('\u{feff}')
            .split('|')
            .collect();
        assert_eq!(scan.guest["document"]["number"], fields[0], "{}", vector.id);
        assert_eq!(
            scan.guest["full_name"],
            nfc_trim(fields[2]),
            "{}",
            vector.id
        );
        assert_eq!(
            scan.guest["residence"]["address"]
                .as_str()
                .unwrap_or_default(),
            nfc_trim(fields[5]),
            "{}",
            vector.id
        );
    }
}

#[test]
fn every_faulty_qr_text_is_refused_or_doubted_where_its_vector_says() {
    let doubt = |pointer: &str, code: Code| Ok(vec![format!("{pointer} {code}")]);
    for vector in qr_vectors().invalid {
        let expected = match vector.expect.as_deref().unwrap() {
            "field_count" => Err(Code::CardQrIncomplete),
            "id_length" => Err(Code::PersonalIdLength),
            "not_card_qr" => Err(Code::NotCardQr),
            "birth_date" => doubt(BIRTH_DATE, Code::ScanFieldUnreadable),
            "sex" => doubt(SEX, Code::ScanFieldUnreadable),
            "name" => doubt(FULL_NAME, Code::ScanFieldUnreadable),
            "issue_date" => doubt(DOCUMENT, Code::IssueDateDoubtful),
            "review:sex_mismatch" => doubt(SEX, Code::SexDiffersFromNumber),
            "review:birth_year_mismatch" => doubt(BIRTH_DATE, Code::BirthYearDiffersFromNumber),
            "repairable:double_encoded" => doubt(GUEST, Code::TextRepaired),
            unknown => panic!("{unknown}"),
        };
        let got = read_qr(&vector.text, today()).map(|scan| doubts(&scan));
        assert_eq!(got, expected, "{}", vector.id);
    }
}

#[test]
fn a_card_of_2021_fills_the_whole_guest() {
    let text = "038090990001|173990011|Nguyễn Văn An|17051990|Nam|Thôn 3, Xã Quảng Minh|10052021";
    let scan = read_qr(text, today()).unwrap();
    let guest = json!({
        "full_name": "Nguyễn Văn An",
        "birth_date": "1990-05-17",
        "sex": "male",
        "nationality": "VNM",
        "document": {"kind": "citizen_card", "number": "038090990001"},
        "residence": {"address": "Thôn 3, Xã Quảng Minh"},
    });
    assert_eq!(scan.guest, guest);
    assert_eq!(format!("{scan:?}"), "Scan(0 warnings)");
}

#[test]
fn a_mangled_text_gives_the_same_guest() {
    let whole = "038090990001||Nguyễn Văn An|17051990|Nam|Thanh Hóa|10052021";
    let latin_1: String = whole.bytes().map(char::from).collect();
    let guest = read_qr(whole, today()).unwrap().guest;
    let marked = format!("\u{feff}{latin_1}\r\n");
    for text in [latin_1, marked] {
        let scan = read_qr(&text, today()).unwrap();
        assert_eq!(scan.guest, guest);
        assert_eq!(doubts(&scan), ["/guest text_repaired"]);
    }
}

#[test]
fn separators_frames_and_spaced_numbers_of_readers_are_taken() {
    let whole = "038090990001||Nguyễn Văn An|17051990|Nam|Thanh Hóa|10052021";
    let guest = read_qr(whole, today()).unwrap().guest;
    let cleaned = vec!["/guest/document/number number_cleaned".to_owned()];
    let table = [
        (whole.replace('|', "~"), vec![]),
        (whole.replace('|', "\t"), vec![]),
        (format!("]Q1{whole}"), vec![]),
        (format!("\u{2}{whole}\u{3}"), vec![]),
        (whole.replace('|', " | "), vec![]),
        (
            whole.replace("038090990001", "038 090 990.001"),
            cleaned.clone(),
        ),
        (
            whole.replace("038090990001", "０３８０９０９９０００１"),
            cleaned,
        ),
    ];
    for (text, expected) in table {
        let scan = read_qr(&text, today()).unwrap();
        assert_eq!(scan.guest, guest, "{text}");
        assert_eq!(doubts(&scan), expected, "{text}");
    }
}

#[test]
fn what_the_card_says_oddly_is_doubted_at_its_member() {
    let card = |number: &str, name: &str, birth: &str, sex: &str, address: &str| {
        let text = format!("{number}||{name}|{birth}|{sex}|{address}|10052024");
        read_qr(&text, today()).map(|scan| (doubts(&scan), scan.guest))
    };
    let table = [
        // number, name, birth date, sex, doubt
        (
            "003090990001",
            "An",
            "17051990",
            "Nam",
            "/guest/document/number personal_id_birth_place",
        ),
        (
            "038290990001",
            "An",
            "17051990",
            "Nam",
            "/guest/document/number personal_id_future_birth_year",
        ),
        (
            "038090990001",
            "Nguy?n An",
            "17051990",
            "Nam",
            "/guest/full_name invalid_name",
        ),
    ];
    for (number, name, birth, sex, doubt) in table {
        let (doubts, guest) = card(number, name, birth, sex, "").unwrap();
        assert_eq!(doubts, [doubt]);
        assert_eq!(guest["document"]["number"], number);
        assert_eq!(guest["full_name"], name);
    }
    let (doubts, guest) = card(
        "038090990001",
        &"A".repeat(201),
        "00001990",
        "Nam",
        &"B".repeat(501),
    )
    .unwrap();
    let too_long = [
        "/guest/full_name too_long",
        "/guest/residence/address too_long",
    ];
    assert_eq!(doubts, too_long);
    assert_eq!(guest["birth_date"], "1990");
    assert_eq!(guest.get("full_name").or(guest.get("residence")), None);
}

#[test]
fn texts_of_other_codes_are_no_cards() {
    let table = [
        ("", Code::NotCardQr),
        ("|", Code::NotCardQr),
        ("038090990001", Code::NotCardQr),
        ("a|b|c|d|e|f|g", Code::NotCardQr),
        ("038090990001|b|c|d", Code::CardQrIncomplete),
        ("038090990001||||||", Code::NotCardQr),
        (
            "03809099000A||An|17051990|Nam||10052021",
            Code::PersonalIdNotDigits,
        ),
        ("WIFI:S:a|b;T:WPA;P:c|d;;", Code::NotCardQr),
        (
            "IDVNM0909900018038090990001<<5\n9005178M3005176VNM<<<<<<<<<<<8",
            Code::NotCardQr,
        ),
    ];
    for (text, code) in table {
        assert_eq!(read_qr(text, today()).err(), Some(code), "{text}");
    }
}

#[test]
fn every_valid_zone_is_read() {
    for vector in mrz_vectors().valid {
        let scan = read_lines(&vector.lines).unwrap();
        assert_has_shape_of_guest(&scan);
        // Specimens come from a country that is none, and expired long ago.
        let expected: &[&str] = match vector.id.as_str() {
            "icao_td3" | "icao_td2" | "icao_td1" => &[
                "/guest/nationality unknown_code",
                "/guest/document document_expired",
            ],
            "icao_td1_long" => &["/guest/nationality unknown_code"],
            "vn_td1_long_name" => &[
                "/guest/full_name name_cut_off",
                "/guest/document document_expired",
            ],
            _ => &[],
        };
        assert_eq!(doubts(&scan), expected, "{}", vector.id);
    }
}

#[test]
fn every_faulty_zone_is_refused_or_doubted() {
    let specimen = |doubt: &str| {
        let country = "/guest/nationality unknown_code".to_owned();
        let expired = "/guest/document document_expired".to_owned();
        Ok(vec![country, doubt.to_owned(), expired])
    };
    let doubted = |doubt: &str| Ok(vec![doubt.to_owned()]);
    for vector in mrz_vectors().invalid {
        let number = "/guest/document/number check_digit_wrong";
        let expected = match vector.id.as_str() {
            "td3_doc_digit" | "td3_O_for_0" | "td3_swap" => specimen(number),
            "td3_dob_digit" => Ok([
                "/guest/nationality unknown_code",
                "/guest/birth_date check_digit_wrong",
                "/guest/birth_date scan_field_unreadable",
                "/guest/document document_expired",
            ]
            .map(str::to_owned)
            .to_vec()),
            "td3_exp" => Ok([
                "/guest/nationality unknown_code",
                "/guest/document check_digit_wrong",
            ]
            .map(str::to_owned)
            .to_vec()),
            "td3_personal" => specimen("/guest/document check_digit_wrong"),
            "td3_composite" => Ok([
                "/guest/nationality unknown_code",
                "/guest/document document_expired",
                "/guest check_digit_wrong",
            ]
            .map(str::to_owned)
            .to_vec()),
            "td3_short" | "td1_two_lines" => Err(Code::MrzLength),
            "td1_lower" => Ok([
                "/guest text_repaired",
                "/guest/nationality unknown_code",
                "/guest/document document_expired",
            ]
            .map(str::to_owned)
            .to_vec()),
            "vn_td1_last9" => doubted("/guest/document/number mrz_numbers_differ"),
            "vn_td1_idcheck" => doubted(number),
            "vn_td1_month13" => doubted("/guest/birth_date scan_field_unreadable"),
            "vn_td1_sex_vs_id" => doubted("/guest/sex sex_differs_from_number"),
            "unknown_country" => doubted("/guest/nationality unknown_code"),
            "td2_diacritic" => Err(Code::MrzCharacter),
            unknown => panic!("{unknown}"),
        };
        let got = read_lines(&vector.lines).map(|scan| doubts(&scan));
        assert_eq!(got, expected, "{}: {:?}", vector.id, got);
    }
}

#[test]
fn letters_where_fillers_belong_are_a_doubt_at_the_name() {
    let vectors = mrz_vectors().valid;
    let lines = &vectors
        .iter()
        .find(|vector| vector.id == "vn_td3")
        .unwrap()
        .lines;
    let doubt = |name: &str| {
        let first = format!("{}{name:<<39}", &lines[0][..5]);
        doubts(&read_lines(&[first, lines[1].clone()]).unwrap())
    };
    for name in [
        "NGUYEN<<VAN<AN<<<<<<KKKK<<K",
        "NGUYEN<<VAN<AN<<K",
        "NGUYEN<<VAN<AN<<<<<<<<<<<<<<<<<<<<<<<K<",
        "NGUYEN<<V4N<AN",
        "<NGUYEN<<VAN",
    ] {
        assert_eq!(doubt(name), ["/guest/full_name name_doubtful"], "{name}");
    }
    for name in ["NGUYEN<<VAN<AN", "NGUYEN", "LE<THI<<HOA"] {
        assert!(doubt(name).is_empty(), "{name}");
    }
}

#[test]
fn the_french_card_of_before_2021_is_read_by_its_own_layout() {
    let lines = [
        "IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<".to_owned(),
        "8806923102858CORINNE<<<<<<<6512068F6".to_owned(),
    ];
    let scan = read_lines(&lines).unwrap();
    assert_eq!(doubts(&scan), [""; 0]);
    let guest = json!({
        "full_name": "BERTHIER CORINNE", "birth_date": "1965-12-06", "sex": "female",
        "nationality": "FRA",
        "document": {"kind": "foreign_identity_card", "number": "880692310285"},
    });
    assert_eq!(scan.guest, guest);
    let two_names = lines[1].replace("CORINNE<<<<<<<", "CORINNE<<ANNA<");
    let scan = read_lines(&[lines[0].clone(), two_names]).unwrap();
    assert_eq!(scan.guest["full_name"], "BERTHIER CORINNE ANNA");
    assert_eq!(doubts(&scan), ["/guest check_digit_wrong"]);
}

#[test]
fn zones_fill_the_guest() {
    let table = [
        (
            "vn_td1_m",
            json!({
                "full_name": "NGUYEN VAN AN", "birth_date": "1990-05-17", "sex": "male",
                "nationality": "VNM",
                "document": {"kind": "citizen_card", "number": "038090990001"},
            }),
        ),
        (
            "vn_td1_no_expiry",
            json!({
                "full_name": "TRAN VAN CHIN", "birth_date": "1920-07-07", "sex": "male",
                "nationality": "VNM",
                "document": {"kind": "citizen_card", "number": "096020990009"},
            }),
        ),
        (
            "vn_td3",
            json!({
                "full_name": "NGUYEN VAN AN", "birth_date": "1990-05-17", "sex": "male",
                "nationality": "VNM", "document": {"kind": "passport", "number": "C9900012"},
            }),
        ),
        (
            "de_td3",
            json!({
                "full_name": "MUSTERMANN ERIKA", "birth_date": "1964-08-12", "sex": "female",
                "nationality": "DEU", "document": {"kind": "passport", "number": "C01X00T47"},
            }),
        ),
        (
            "stateless_td3",
            json!({
                "full_name": "MUSTER SAM", "birth_date": "1979-06-15", "sex": "male",
                "nationality": "XXA",
                "document": {"kind": "travel_document", "number": "X9900777"},
            }),
        ),
        (
            "unknown_sex",
            json!({
                "full_name": "SAMPLE ALEX", "birth_date": "1988-01-01", "sex": "unspecified",
                "nationality": "AUS", "document": {"kind": "passport", "number": "PA9900123"},
            }),
        ),
        (
            "unknown_birth_day",
            json!({
                "full_name": "PHOMMA SOMSAK", "birth_date": "1975", "sex": "male",
                "nationality": "LAO", "document": {"kind": "passport", "number": "PA0099001"},
            }),
        ),
        (
            "icao_td1_long",
            json!({
                "full_name": "STEVENSON PETER JOHN", "birth_date": "1934-07-12", "sex": "male",
                "document": {"kind": "foreign_identity_card", "number": "D23145890734"},
            }),
        ),
        (
            "fr_td2",
            json!({
                "full_name": "SPECIMEN CELINE", "birth_date": "1981-11-11", "sex": "female",
                "nationality": "FRA",
                "document": {"kind": "foreign_identity_card", "number": "990011223"},
            }),
        ),
    ];
    let vectors = mrz_vectors().valid;
    for (id, guest) in table {
        let vector = vectors.iter().find(|vector| vector.id == id).unwrap();
        let scan = read_lines(&vector.lines).unwrap();
        assert_eq!(scan.guest, guest, "{id}");
        let in_one_line = read_mrz(&vector.lines.concat(), today(), &catalogues()).unwrap();
        assert_eq!(in_one_line, scan, "{id} in one line");
    }
}

#[test]
fn a_letter_for_a_digit_is_pointed_out_and_left_alone() {
    let vectors = mrz_vectors().invalid;
    let vector = vectors
        .iter()
        .find(|vector| vector.id == "td3_O_for_0")
        .unwrap();
    let scan = read_lines(&vector.lines).unwrap();
    assert_eq!(scan.guest["document"]["number"], "L8989O2C3");
    let hints: Vec<Hint> = scan
        .warnings
        .iter()
        .filter_map(|warning| warning.hint)
        .collect();
    assert_eq!(hints, [Hint::MisreadAt(6)]);
}

#[test]
fn the_century_is_the_numbers_or_the_last_in_the_past() {
    let id = PersonalId::parse("096020990009", today()).unwrap();
    let table = [
        ("200707", Some(&id), Some("1920-07-07")),
        ("200707", None, Some("2020-07-07")),
        ("261123", None, Some("2026-11-23")),
        ("261124", None, Some("1926-11-24")),
        ("000229", None, Some("2000-02-29")),
        ("280229", None, Some("1928-02-29")),
        ("2611<<", None, Some("2026-11")),
        ("2612<<", None, Some("1926-12")),
        ("27<<<<", None, Some("1927")),
        ("75<<12", None, Some("1975")),
        ("7513<<", None, None),
        ("751301", None, None),
        ("<<0101", None, None),
        ("7O0101", None, None),
    ];
    for (text, id, expected) in table {
        let date = mrz::birth_date(text, id, today()).map(BirthDate::to_text);
        assert_eq!(date.as_deref(), expected, "{text}");
    }
}

#[test]
fn other_zones_and_other_texts_are_refused() {
    let visa = [
        "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
        "L8988901C4XXX4009078F96121096ZE184226B<<<<<<",
    ];
    let table = [
        ("".to_owned(), Code::NotMrz),
        ("Nguyễn Văn An".to_owned(), Code::NotMrz),
        (
            "038090990001||An|17051990|Nam||10052021".to_owned(),
            Code::NotMrz,
        ),
        ("<".to_owned(), Code::MrzLength),
        (visa.join("\r\n"), Code::MrzOtherDocument),
        (
            visa.join("\n").replace("ERIKSSON", "ERIK-SON"),
            Code::MrzCharacter,
        ),
    ];
    for (text, code) in table {
        assert_eq!(
            read_mrz(&text, today(), &catalogues()).err(),
            Some(code),
            "{text}"
        );
    }
}

#[test]
fn spaces_small_letters_and_a_missing_number_are_said() {
    let lines = "IDVNM0909900018038090990001<<5\n9005178M3005176VNM<<<<<<<<<<<8\n";
    let spaced = format!(
        "{}NGUYEN<<VAN<AN<<<<<<<<<<<<<<<<",
        lines.replace("VNM", " VNM ")
    );
    let scan = read_mrz(&spaced, today(), &catalogues()).unwrap();
    assert_eq!(doubts(&scan), ["/guest text_repaired"]);
    let empty = format!(
        "{}\n9005178M3005176VNM<<<<<<<<<<<2\nNGUYEN<<VAN<AN<<<<<<<<<<<<<<<<",
        "IDVNM0909900018<<<<<<<<<<<<<<<"
    );
    let scan = read_mrz(&empty, today(), &catalogues()).unwrap();
    let doubts = doubts(&scan);
    assert!(doubts.contains(&"/guest/document/number scan_field_unreadable".to_owned()));
    assert_eq!(scan.guest["document"], json!({"kind": "citizen_card"}));
}

#[test]
fn numbers_are_cleaned_as_people_write_them() {
    let table = [
        ("038090990001", "038090990001", false),
        (" 038090990001\n", "038090990001", false),
        ("038 090 990 001", "038090990001", true),
        ("038.090.990.001", "038090990001", true),
        ("０３８０９０９９０００１", "038090990001", true),
        ("C01X 00T47", "C01X00T47", true),
        ("", "", false),
    ];
    for (text, cleaned, is_changed) in table {
        assert_eq!(
            clean_number(text),
            (cleaned.to_owned(), is_changed),
            "{text}"
        );
    }
}

prop_compose! {
    /// Number, name, birth date, sex, address of a card that can exist.
    fn card()(
        year in 1900..=2025_i32, month in 1..=12_u32, day in 1..=28_u32,
        is_female in any::<bool>(), tail in 0..1_000_000_u32,
        name in "[A-ZĐÂÊÔƠƯ][a-zàáảãạăâđêôơư]{0,8}( [A-ZĐ][a-zàáạâêế']{1,8}){1,4}",
        address in "(Thôn|Phường|Số) [0-9]{1,3}, [A-Za-zàáạâêếĐđ ]{1,40}[a-z]",
    ) -> (String, String, NaiveDate, bool, String) {
        let digit = (year / 100 - 19) * 2 + i32::from(is_female);
        let number = format!("038{digit}{:02}{tail:06}", year % 100);
        let birth_date = NaiveDate::from_ymd_opt(year, month, day).unwrap();
        (number, name, birth_date, is_female, address)
    }
}

/// The lines of a Vietnamese card, with every check digit right.
fn zone_of(number: &str, name: &str, birth_date: NaiveDate, is_female: bool) -> String {
    let digit = |text: &str| {
        let weights = [7, 3, 1].into_iter().cycle();
        let sum: u32 = text
            .chars()
            .zip(weights)
            .map(|(letter, weight)| letter.to_digit(36).unwrap_or(0) * weight)
            .sum();
        format!("{text}{}", sum % 10)
    };
    let first = format!("{}{number}<<", digit(&number[3..]));
    let first = format!("{first}{}", &digit(number)[12..]);
    let birth = digit(&birth_date.format("%y%m%d").to_string());
    let expiry = digit("401231");
    let composite = digit(&format!("{first}{birth}{expiry}<<<<<<<<<<<"));
    let composite = &composite[composite.len() - 1..];
    let sex = if is_female { 'F' } else { 'M' };
    format!("IDVNM{first}\n{birth}{sex}{expiry}VNM<<<<<<<<<<<{composite}\n{name:<<30}")
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".*") {
        let (qr, mrz) = (read_qr(&text, today()), read_mrz(&text, today(), &catalogues()));
        for scan in qr.into_iter().chain(mrz) {
            assert_has_shape_of_guest(&scan);
        }
    }

    #[test]
    fn any_fields_of_a_card_are_read_or_refused(
        number in "0[0-9 .０-９]{10,13}", fields in prop::collection::vec("[^|]{0,12}", 4..12),
    ) {
        let text = format!("{number}|{}", fields.join("|"));
        if let Ok(scan) = read_qr(&text, today()) {
            assert_has_shape_of_guest(&scan);
        }
    }

    #[test]
    fn any_letters_of_a_zone_are_read_or_refused(
        text in "[IPAC][A-Z0-9<]{29}\n[A-Z0-9<]{30}\n[A-Z0-9<]{30}\
                 |[PI][A-Z0-9<]{35}\n[0-9<]{9}<[A-Z0-9<]{26}|P[A-Z0-9<]{43}\n[A-Z0-9<]{44}\
                 |I[D<]VNM[0-9]{9}[0-9<][0-9<]{15}\n[0-9<]{6}[0-9]M[0-9]{7}VNM<{11}[0-9]\nA<{29}",
    ) {
        let scan = read_mrz(&text, today(), &catalogues()).unwrap();
        assert_has_shape_of_guest(&scan);
    }

    #[test]
    fn a_card_is_read_as_it_was_written((number, name, birth_date, is_female, address) in card()) {
        let sex = if is_female { "Nữ" } else { "Nam" };
        let text = format!(
            "{number}||{name}|{}|{sex}|{address}|01112026",
            birth_date.format("%d%m%Y")
        );
        let scan = read_qr(&text, today()).unwrap();
        let guest = json!({
            "full_name": nfc_trim(&name),
            "birth_date": birth_date.format("%Y-%m-%d").to_string(),
            "sex": if is_female { "female" } else { "male" },
            "nationality": "VNM",
            "document": {"kind": "citizen_card", "number": number},
            "residence": {"address": nfc_trim(&address)},
        });
        prop_assert_eq!(&scan.guest, &guest);
        prop_assert_eq!(scan.warnings, []);
        let mangled: String = text.bytes().map(char::from).collect();
        prop_assert_eq!(&read_qr(&mangled, today()).unwrap().guest, &guest);
    }

    #[test]
    fn a_zone_is_read_as_it_was_written(
        (number, _, birth_date, is_female, _) in card(),
        name in "[A-Z]{2,8}<<[A-Z]{2,8}<[A-Z]{2,8}",
    ) {
        let text = zone_of(&number, &name, birth_date, is_female);
        let scan = read_mrz(&text, today(), &catalogues()).unwrap();
        prop_assert_eq!(doubts(&scan), Vec::<String>::new());
        prop_assert_eq!(&scan.guest["document"]["number"], &json!(number));
        prop_assert_eq!(&scan.guest["full_name"], &json!(name.replace("<<", " ").replace('<', " ")));
        let written = birth_date.format("%Y-%m-%d").to_string();
        prop_assert_eq!(&scan.guest["birth_date"], &json!(written));
    }

    #[test]
    fn a_wrong_digit_in_a_zone_is_never_silent(
        (number, _, birth_date, is_female, _) in card(), at in 5_usize..27, shift in 1_u8..10,
    ) {
        let mut text = zone_of(&number, "AN<<B", birth_date, is_female).into_bytes();
        text[at] = b'0' + (text[at] - b'0' + shift) % 10;
        let text = String::from_utf8(text).unwrap();
        let scan = read_mrz(&text, today(), &catalogues()).unwrap();
        prop_assert!(scan.has_warning(DOCUMENT_NUMBER));
    }
}

impl Scan {
    fn has_warning(&self, pointer: &str) -> bool {
        self.warnings
            .iter()
            .any(|warning| warning.pointer == pointer)
    }
}
