//! The pages of the office over HTTP: whom they are for, and that their forms do what the operations
//! do.

use tests::{Answer, Database, Person, River, on_both_databases, people};

on_both_databases![
    accounts_are_made_changed_and_ended_on_pages,
    accounts_with_faults_come_back_as_typed,
    pages_of_accounts_are_for_those_who_manage_or_audit,
    a_person_looks_after_their_own_account,
    a_machine_is_trusted_on_its_page,
    a_form_that_is_sent_twice_makes_one,
    a_secret_is_made_and_shown_once,
    a_destination_is_paused_once_by_a_form_sent_twice,
];

const PASSWORD: &str = "trống đồng mưa phùn 7 cây cầu";

/// Sends a form as a browser does.
pub(crate) async fn send(person: &Person, path: &str, pairs: &[(&str, &str)]) -> Answer {
    let escaped =
        |value: &str| -> String { value.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .collect();
    let call = person.call("POST", path);
    call.body("application/x-www-form-urlencoded", pairs.join("&"))
        .send()
        .await
}

/// What stands between two texts of a page.
pub(crate) fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = page
        .split_once(start)
        .unwrap_or_else(|| panic!("{start} in {page}"));
    rest.split(end).next().unwrap_or_default()
}

fn hidden<'a>(page: &'a str, name: &str) -> &'a str {
    between(page, &format!("name=\"{name}\" value=\""), "\"")
}

async fn accounts_are_made_changed_and_ended_on_pages(database: Database) {
    let river = River::shared(database).await;
    let manager = river.person("manager").await;
    let name = format!("quay-{}", people::next());
    let hotel = river.facility("hotel");
    let pairs = [
        ("name", name.as_str()),
        ("label", "Quầy <đêm>"),
        ("role", "front_desk"),
        ("facility_ids", hotel),
    ];
    let made = send(&manager, "/organisation/accounts", &pairs).await;
    assert_eq!(made.status, 200);
    let page = made.text();
    let link = between(&page, "id=\"secret\">", "<");
    assert!(link.contains("/invitation/"), "{link}");
    assert!(page.contains("Quầy &#60;đêm&#62;"));
    let list = manager.get("/organisation/accounts").await.text();
    assert!(!list.contains("/invitation/"), "told once");
    let place = list.find(&name).expect("listed");
    let before = &list[..place];
    let path = before
        .rsplit("href=\"")
        .next()
        .unwrap()
        .split('"')
        .next()
        .unwrap();

    let person = Person::at(river.api());
    let token = link.rsplit('/').next().unwrap();
    person.accept(token, PASSWORD).await;
    person.sign_in(&name, PASSWORD).await.expect(200);
    let account = manager.get(path).await.text();
    assert!(
        account.contains("Phiên khác"),
        "its session is listed: {account}"
    );
    let version = hidden(&account, "version");
    let stale = [
        ("version", "77"),
        ("label", "X"),
        ("role", "front_desk"),
        ("facility_ids", hotel),
    ];
    let refused = send(&manager, path, &stale).await.text();
    assert!(
        refused.contains("Chưa lưu: Phiên bản đã thay đổi."),
        "{refused}"
    );
    let pairs = [
        ("version", version),
        ("label", "Quầy sáng"),
        ("role", "manager"),
    ];
    assert_eq!(send(&manager, path, &pairs).await.status, 303);
    let account = manager.get(path).await.text();
    assert!(account.contains("<h1>Quầy sáng</h1>") && account.contains("Mọi cơ sở của tổ chức"));
    person
        .get("/v1/facilities")
        .await
        .expect_problem(401, "session_ended");

    let renewed = send(&manager, &format!("{path}/link"), &[]).await.text();
    assert!(renewed.contains("/invitation/"));
    let version = hidden(&account, "version");
    let ended = send(&manager, &format!("{path}/end"), &[("version", version)]).await;
    assert_eq!(ended.status, 303);
    let account = manager.get(path).await.text();
    assert!(account.contains("Đã ngừng") && account.contains("Mở lại tài khoản"));
}

async fn accounts_with_faults_come_back_as_typed(database: Database) {
    let river = River::shared(database).await;
    let manager = river.person("manager").await;
    let pairs = [("name", "A b"), ("label", "\"Quầy"), ("role", "front_desk")];
    let page = send(&manager, "/organisation/accounts", &pairs)
        .await
        .text();
    assert!(page.contains("<title>Lỗi: "), "{page}");
    assert!(page.contains("Chưa lưu: có 1 chỗ cần sửa") || page.contains("chỗ cần sửa"));
    assert!(page.contains("href=\"#name\""));
    assert!(page.contains("value=\"A b\"") && page.contains("value=\"&#34;Quầy\""));
    // A manager appoints nobody above them.
    let name = format!("quay-{}", people::next());
    let pairs = [("name", name.as_str()), ("role", "administrator")];
    let page = send(&manager, "/organisation/accounts", &pairs)
        .await
        .text();
    assert!(page.contains("href=\"#role\""), "{page}");
    // An administrator sees which area is at fault.
    let admin = river.person("admin").await;
    let pairs = [
        ("name", name.as_str()),
        ("role", "commune_officer"),
        ("organisation_code", "demo-police"),
        ("area", "99999"),
        ("area_from", "1/1/2027"),
        ("area_until", "hôm kia"),
    ];
    let page = send(&admin, "/organisation/accounts", &pairs).await.text();
    assert!(
        page.contains("href=\"#areas\"") && page.contains("value=\"hôm kia\""),
        "{page}"
    );
    let pairs = [
        ("name", name.as_str()),
        ("role", "commune_officer"),
        ("organisation_code", "demo-police"),
        ("area", "16531"),
        ("area_from", "1/1/2027"),
        ("area_until", ""),
    ];
    let page = send(&admin, "/organisation/accounts", &pairs).await.text();
    assert!(page.contains("id=\"secret\""), "{page}");
}

async fn pages_of_accounts_are_for_those_who_manage_or_audit(database: Database) {
    let river = River::shared(database).await;
    for (name, path, status) in [
        ("manager", "/organisation/accounts", 200),
        ("admin", "/organisation/accounts", 200),
        ("auditor", "/organisation/accounts", 200),
        ("desk", "/organisation/accounts", 404),
        ("police", "/organisation/accounts", 404),
        ("desk", "/organisation/machines", 404),
        ("manager", "/organisation/machines", 200),
        ("police", "/account", 200),
        ("admin", "/", 303),
    ] {
        let person = river.person(name).await;
        assert_eq!(person.get(path).await.status, status, "{name} {path}");
    }
    let auditor = river.person("auditor").await;
    let page = auditor.get("/organisation/accounts").await.text();
    assert!(
        !page.contains("action=\"/organisation/accounts\""),
        "looks only"
    );
    let pairs = [("name", "x-y-z"), ("role", "auditor")];
    let refused = send(&auditor, "/organisation/accounts", &pairs).await;
    assert_eq!(refused.status, 404);
    assert_eq!(river.caller("hotel").get("/account").await.status, 403);
}

async fn a_person_looks_after_their_own_account(database: Database) {
    let river = River::shared(database).await;
    let admin = river.person("admin").await;
    let account = serde_json::json!({"organisation_code": "demo", "role": "front_desk",
        "name": format!("rieng-{}", people::next()), "facility_ids": [river.facility("hotel")]});
    let made = admin.post("/v1/accounts", &account).await.expect(201);
    let (here, elsewhere) = (Person::at(river.api()), Person::at(river.api()));
    here.accept(made["invitation"]["token"].as_str().unwrap(), PASSWORD)
        .await;
    for person in [&here, &elsewhere] {
        person
            .sign_in(made["name"].as_str().unwrap(), PASSWORD)
            .await
            .expect(200);
    }
    let page = here.get("/account").await.text();
    assert!(
        page.contains("Phiên này") && page.contains("Phiên khác"),
        "{page}"
    );
    let session = elsewhere.get("/v1/sessions").await.expect(200);
    let current = session["items"].as_array().unwrap().iter();
    let current = current
        .clone()
        .find(|one| one["is_current"] == true)
        .unwrap();
    let path = format!("/account/sessions/{}", current["id"].as_str().unwrap());
    assert_eq!(send(&here, &path, &[]).await.status, 303);
    elsewhere
        .get("/v1/facilities")
        .await
        .expect_problem(401, "session_ended");

    let table = [
        (
            "sai mật khẩu",
            "bảy con cò trắng trên 9 cọc tre",
            "Mật khẩu hiện tại không đúng.",
        ),
        (PASSWORD, "ngắn", "href=\"#new_password\""),
        ("", "", "href=\"#present_password\""),
    ];
    for (present, new, said) in table {
        let pairs = [("present_password", present), ("new_password", new)];
        let page = send(&here, "/account/password", &pairs).await.text();
        assert!(page.contains(said), "{said} in {page}");
        assert!(!page.contains(PASSWORD));
    }
    let off = send(
        &here,
        "/preferences",
        &[("keys", "off"), ("back", "/account")],
    )
    .await;
    assert!(off.header("set-cookie").unwrap().starts_with("keys=off;"));
    here.set_cookie("keys", "off");
    assert!(
        here.get("/account")
            .await
            .text()
            .contains(" data-keys=\"off\"")
    );
}

async fn a_machine_is_trusted_on_its_page(database: Database) {
    let river = River::shared(database).await;
    let manager = river.person("manager").await;
    let label = format!("Quầy {}", people::next());
    let path = "/organisation/machines";
    let pairs = [
        ("facility_id", river.facility("hotel")),
        ("label", label.as_str()),
    ];
    let enrolled = send(&manager, path, &pairs).await;
    let cookie = enrolled.header("set-cookie").unwrap();
    assert!(cookie.starts_with("luutru_machine="), "{cookie}");
    let page = enrolled.text();
    assert!(page.contains(&label));
    let faulty = send(&manager, path, &[("facility_id", river.facility("hotel"))])
        .await
        .text();
    assert!(faulty.contains("href=\"#label\""), "{faulty}");
    let row = page.split("<tr").find(|row| row.contains(&label)).unwrap();
    let end = between(row, "action=\"", "\"");
    let ended = send(&manager, end, &[]).await.text();
    assert!(!ended.split("<tr").any(|row| row.contains(&label)));
}

/// The key of the form that is sent to a path.
fn key_of_form(page: &str, action: &str) -> String {
    let start = format!("action=\"{action}\"");
    let (_, form) = page
        .split_once(&start)
        .unwrap_or_else(|| panic!("{start} in {page}"));
    let key = hidden(form.split("</form>").next().unwrap_or_default(), "key");
    assert!(!key.is_empty());
    key.to_owned()
}

async fn a_form_that_is_sent_twice_makes_one(database: Database) {
    let river = River::shared(database).await;
    let admin = river.person("admin").await;
    let path = "/admin/organisations";
    let key = key_of_form(&admin.get(path).await.text(), path);
    let code = format!("to-chuc-{}", people::next());
    let mut pairs = vec![("name", "Khách sạn Sóng"), ("code", &code), ("key", &key)];
    let first = send(&admin, path, &pairs).await;
    assert_eq!(first.status, 303, "{}", first.text());
    let again = send(&admin, path, &pairs).await;
    assert_eq!(again.status, 303, "{}", again.text());
    assert_eq!(again.header("location"), first.header("location"));
    // The same form with other content is shown again, and can be sent then.
    let other = format!("{code}-b");
    pairs[1] = ("code", &other);
    let refused = send(&admin, path, &pairs).await.text();
    assert!(
        refused.contains("biểu mẫu này đã được gửi với nội dung khác"),
        "{refused}"
    );
    let fresh = key_of_form(&refused, path);
    assert_ne!(fresh, key);
    pairs[2] = ("key", &fresh);
    assert_eq!(send(&admin, path, &pairs).await.status, 303);

    // A change that is sent twice is one as well, and no conflict.
    let place = first.header("location").unwrap().split('?').next().unwrap();
    let page = admin.get(place).await.text();
    let (version, key) = (hidden(&page, "version"), key_of_form(&page, place));
    let pairs = [
        ("version", version),
        ("name", "Khách sạn Sóng Xanh"),
        ("key", key.as_str()),
    ];
    for _ in 0..2 {
        assert_eq!(send(&admin, place, &pairs).await.status, 303);
    }
    let page = admin.get(place).await.text();
    assert_ne!(hidden(&page, "version"), version);

    let path = "/organisation/facilities";
    let page = admin.get(path).await.text();
    let key = key_of_form(&page, path);
    let name = format!("Nhà nghỉ {}", people::next());
    let pairs = [
        ("organisation_code", code.as_str()),
        ("name", name.as_str()),
        ("kind", "guest_house"),
        ("address", "1 Lê Lợi"),
        ("commune_code", "16531"),
        ("key", key.as_str()),
    ];
    let first = send(&admin, path, &pairs).await;
    assert_eq!(first.status, 303, "{}", first.text());
    let again = send(&admin, path, &pairs).await;
    assert_eq!(again.header("location"), first.header("location"));
}

async fn a_secret_is_made_and_shown_once(database: Database) {
    let river = River::shared(database).await;
    let admin = river.person("admin").await;
    let path = "/admin/keys";
    let key = key_of_form(&admin.get(path).await.text(), path);
    let label = format!("PMS {}", people::next());
    let hotel = river.facility("hotel");
    let pairs = [
        ("organisation_code", "demo"),
        ("role", "declarant"),
        ("label", label.as_str()),
        ("facility_ids", hotel),
        ("expires_in_days", "90"),
        ("key", key.as_str()),
    ];
    let made = send(&admin, path, &pairs).await.text();
    assert!(made.contains("id=\"secret\""), "{made}");
    let again = send(&admin, path, &pairs).await.text();
    assert!(!again.contains("id=\"secret\""), "{again}");
    assert!(again.contains(&format!("Khóa “{label}” đã được tạo ở lần gửi trước")));
    assert!(again.contains("thu hồi khóa đó trong danh sách rồi tạo khóa mới"));
    assert_eq!(again.matches(&format!(">{label}</a>")).count(), 1);

    let manager = river.person("manager").await;
    let path = "/organisation/accounts";
    let key = key_of_form(&manager.get(path).await.text(), path);
    let name = format!("quay-{}", people::next());
    let pairs = [
        ("name", name.as_str()),
        ("label", name.as_str()),
        ("role", "front_desk"),
        ("facility_ids", hotel),
        ("key", key.as_str()),
    ];
    let made = send(&manager, path, &pairs).await.text();
    let link = between(&made, "id=\"secret\">", "<").to_owned();
    let again = send(&manager, path, &pairs).await.text();
    assert!(!again.contains("id=\"secret\""), "{again}");
    assert!(again.contains("rồi bấm “Tạo liên kết mới”"), "{again}");
    // The link that was shown is still good; a new one is made once by each form.
    let token = link.rsplit('/').next().unwrap();
    let invited = Person::at(river.api())
        .get(&format!("/invitation/{token}"))
        .await
        .text();
    assert!(invited.contains(&name), "{invited}");
    let list = manager.get(path).await.text();
    let (before, _) = list.split_once(&name).expect("listed");
    let (_, place) = before.rsplit_once("href=\"").unwrap();
    let place = place.split('"').next().unwrap();
    let renewal = format!("{place}/link");
    let page = manager.get(place).await.text();
    let key = key_of_form(&page, &renewal);
    let pairs = [("key", key.as_str())];
    let renewed = send(&manager, &renewal, &pairs).await.text();
    let link = between(&renewed, "id=\"secret\">", "<").to_owned();
    let again = send(&manager, &renewal, &pairs).await.text();
    assert!(!again.contains("id=\"secret\""), "{again}");
    assert!(again.contains("Liên kết đã được tạo ở lần gửi trước"));
    let token = link.rsplit('/').next().unwrap();
    let person = Person::at(river.api());
    assert_eq!(person.accept(token, PASSWORD).await.status, 204);

    let path = "/organisation/machines";
    let key = key_of_form(&manager.get(path).await.text(), path);
    let label = format!("Quầy {}", people::next());
    let pairs = [
        ("facility_id", hotel),
        ("label", label.as_str()),
        ("key", key.as_str()),
    ];
    let enrolled = send(&manager, path, &pairs).await;
    assert!(enrolled.header("set-cookie").is_some());
    let again = send(&manager, path, &pairs).await;
    assert_eq!(again.header("set-cookie"), None);
    let again = again.text();
    assert!(again.contains("đã được tin cậy ở lần gửi trước"), "{again}");
    let rows = again.split("<tr").skip(1);
    let rows = rows.filter(|row| row.contains(&label));
    assert_eq!(rows.count(), 1);
}

async fn a_destination_is_paused_once_by_a_form_sent_twice(database: Database) {
    let river = River::start(database).await;
    let admin = river.person("admin").await;
    let place = "/admin/destinations/national";
    let count = async |action: &str| {
        let query = format!("SELECT count(*) FROM audit_entry WHERE action = '{action}'");
        river.database().unwrap().count(&query).await
    };
    for (deed, action) in [
        ("pause", "destination.paused"),
        ("resume", "destination.resumed"),
    ] {
        let path = format!("{place}/{deed}");
        let key = key_of_form(&admin.get(place).await.text(), &path);
        let pairs = [("reason", "Bảo trì"), ("until", ""), ("key", key.as_str())];
        for _ in 0..2 {
            let sent = send(&admin, &path, &pairs).await;
            assert_eq!(sent.status, 303, "{}", sent.text());
        }
        assert_eq!(count(action).await, 1, "{action}");
    }
    let pairs = [("key", "one-key-of-a-form")];
    for _ in 0..2 {
        let sent = send(&admin, "/admin/requeue", &pairs).await;
        assert_eq!(sent.status, 200, "{}", sent.text());
    }
    // The key is that of the first request: another one needs another.
    let other = [("destination", "national"), ("key", "one-key-of-a-form")];
    let sent = send(&admin, "/admin/requeue", &other).await;
    assert_eq!(sent.status, 422, "{}", sent.text());
}
