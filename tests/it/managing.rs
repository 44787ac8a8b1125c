//! Managers of some facilities reach what is theirs and nothing more; the door of people is the same
//! for forms and for programs.

use serde_json::{Value, json};
use tests::{Answer, Database, Person, River, code_of, on_both_databases, people};

on_both_databases![
    a_manager_of_some_facilities_changes_no_account_that_sees_more,
    an_authenticator_stays_the_same_until_its_first_code,
    forms_have_the_bounds_of_the_operations,
    a_form_proves_itself_by_its_token,
    whoever_signs_in_is_led_to_a_page_that_can_be_read,
    a_demo_account_is_one_click_away,
    every_place_of_a_chosen_facility_can_be_opened,
];

const PASSWORD: &str = "trống đồng mưa phùn 7 cây cầu";

/// Somebody new who has signed in, made by the administrator.
async fn newcomer(river: &River, account: &Value) -> (String, Person) {
    let admin = river.person("admin").await;
    let made = admin.post("/v1/accounts", account).await.expect(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let person = Person::at(river.api());
    let token = text(&made["invitation"]["token"]);
    assert_eq!(person.accept(&token, PASSWORD).await.status, 204);
    let opened = person.sign_in(&text(&made["name"]), PASSWORD).await;
    if opened.expect(200)["next"] == "enrolment" {
        person.enrol().await;
    }
    (text(&made["id"]), person)
}

fn account(role: &str, facilities: &[&str]) -> Value {
    json!({"organisation_code": "demo", "name": format!("{role}-{}", people::next()).replace('_', "-"),
        "role": role, "facility_ids": facilities})
}

/// Sends a form as a browser does that says nothing of the page.
async fn send_bare(person: &Person, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
    let call = person.bare_call("POST", path);
    let with = |call: tests::Call, (name, value): &(&str, &str)| call.header(name, value);
    let call = headers.iter().fold(call, with);
    call.body("application/x-www-form-urlencoded", body.to_owned())
        .send()
        .await
}

async fn a_manager_of_some_facilities_changes_no_account_that_sees_more(database: Database) {
    let river = River::shared(database).await;
    let (hotel, school) = (river.facility("hotel"), river.facility("school"));
    let (own_id, manager) = newcomer(river, &account("manager", &[hotel])).await;
    let (wide_id, _) = newcomer(
        river,
        &account("front_desk", &[hotel, river.facility("guest_house")]),
    )
    .await;
    let (narrow_id, narrow) = newcomer(river, &account("front_desk", &[hotel])).await;
    let (foreign_id, _) = newcomer(river, &account("dormitory", &[school])).await;
    let (whole_id, whole) = newcomer(river, &account("manager", &[])).await;

    let change = json!({"label": "Ca đêm"});
    for id in [&wide_id, &whole_id] {
        let path = format!("/v1/accounts/{id}");
        manager.get(&path).await.expect(200);
        for refused in [
            manager.patch(&path, &change).await,
            manager.patch(&path, &json!({"is_ended": true})).await,
            manager
                .post(&format!("{path}/invitation"), &json!({}))
                .await,
            manager.get(&format!("/v1/sessions?account_id={id}")).await,
        ] {
            refused.expect_problem(403, "account_beyond_scope");
        }
    }
    let path = format!("/v1/accounts/{foreign_id}");
    manager.get(&path).await.expect_problem(404, "not_found");
    let refused = manager.patch(&path, &change).await;
    refused.expect_problem(404, "not_found");
    let path = format!("/v1/accounts/{narrow_id}");
    manager.patch(&path, &change).await.expect(200);
    let wider = json!({"facility_ids": [hotel, school]});
    let refused = manager.patch(&path, &wider).await.violations();
    let unknown = ("/facility_ids/1".to_owned(), "facility_unknown".to_owned());
    assert_eq!(refused, [unknown].into());
    // What a manager may not change, it may not become either.
    let own = format!("/v1/accounts/{own_id}");
    let refused = manager.patch(&own, &json!({"facility_ids": []})).await;
    assert_eq!(
        refused.violations(),
        [("/facility_ids".to_owned(), "required".to_owned())].into()
    );

    let listed = manager.get("/v1/accounts?limit=200").await.expect(200);
    let ids: Vec<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    for id in [&own_id, &wide_id, &narrow_id, &whole_id] {
        assert!(ids.contains(&id.as_str()), "{id}");
    }
    assert!(!ids.contains(&foreign_id.as_str()));

    let machine = json!({"facility_id": school, "label": "Quầy trường"});
    whole.post("/v1/machines", &machine).await.expect(201);
    let listed = manager.get("/v1/machines").await.expect(200);
    let machines = listed["items"].as_array().unwrap();
    assert!(
        machines.iter().all(|one| one["facility_id"] == hotel),
        "{listed}"
    );
    drop(narrow);
}

async fn an_authenticator_stays_the_same_until_its_first_code(database: Database) {
    let river = River::shared(database).await;
    let admin = river.person("admin").await;
    let made = admin
        .post("/v1/accounts", &account("manager", &[]))
        .await
        .expect(201);
    let person = Person::at(river.api());
    let token = made["invitation"]["token"].as_str().unwrap();
    person.accept(token, PASSWORD).await;
    person
        .sign_in(made["name"].as_str().unwrap(), PASSWORD)
        .await
        .expect(200);
    let secret_of = |page: &str| {
        let (_, rest) = page.split_once("class=\"code\">").unwrap();
        rest.split('<').next().unwrap().to_owned()
    };
    let first = secret_of(&person.get("/sign-in/enrolment").await.text());
    let again = secret_of(&person.get("/sign-in/enrolment").await.text());
    let call = person.call("POST", "/sign-in/enrolment");
    let wrong = call
        .body("application/x-www-form-urlencoded", "code=000000")
        .send()
        .await;
    let after_a_wrong_code = secret_of(&wrong.text());
    let begun = person
        .post("/v1/session/totp", &json!({}))
        .await
        .expect(200);
    assert_eq!(first, again);
    assert_eq!(first, after_a_wrong_code);
    assert_eq!(first.replace(' ', ""), begun["secret"].as_str().unwrap());
    let code = json!({"code": code_of(begun["secret"].as_str().unwrap(), 0)});
    person
        .post("/v1/session/totp/confirmation", &code)
        .await
        .expect(200);
    let refused = person.post("/v1/session/totp", &json!({})).await;
    refused.expect_problem(409, "second_factor_enrolled");
}

async fn forms_have_the_bounds_of_the_operations(database: Database) {
    let river = River::shared(database).await;
    let nobody = Person::at(river.api());
    let send = async |body: String| send_bare(&nobody, "/sign-in", &body, &[]).await;
    let long = "x".repeat(1_025);
    let page = send(format!("name=le-tan&password={long}")).await;
    assert_eq!(page.status, 200);
    assert!(
        page.text().contains("class=\"note late\""),
        "{}",
        page.text()
    );
    let longer = "x".repeat(9 * 1_024);
    assert_eq!(
        send(format!("name=le-tan&password={longer}")).await.status,
        413
    );
    let page = send("name=&password=x".to_owned()).await.text();
    assert!(page.contains("Nhập tên đăng nhập."), "{page}");
}

async fn a_form_proves_itself_by_its_token(database: Database) {
    let river = River::shared(database).await;
    let (_, person) = newcomer(river, &account("front_desk", &[river.facility("hotel")])).await;
    let page = person.get("/account").await.text();
    let (_, rest) = page.split_once("name=\"csrf_token\" value=\"").unwrap();
    let token = rest.split('"').next().unwrap();
    let forms = page.matches(" method=\"post\"").count();
    assert_eq!(
        page.matches("name=\"csrf_token\"").count(),
        forms,
        "in every form"
    );
    let body = "present_password=x&new_password=y";
    let null: &[(&str, &str)] = &[("Origin", "null")];
    for headers in [&[][..], null] {
        let refused = send_bare(&person, "/account/password", body, headers).await;
        assert_eq!(refused.status, 403, "{headers:?}");
        let with_another = format!("{body}&csrf_token={}", "0".repeat(64));
        let refused = send_bare(&person, "/account/password", &with_another, headers).await;
        assert_eq!(refused.status, 403, "{headers:?}");
        let with_own = format!("{body}&csrf_token={token}");
        let taken = send_bare(&person, "/account/password", &with_own, headers).await;
        assert_eq!(taken.status, 200, "{headers:?}: {}", taken.text());
        assert!(taken.text().contains("Mật khẩu hiện tại không đúng."));
    }
    // What a browser says of another site counts more than any token.
    let with_own = format!("{body}&csrf_token={token}");
    let site: &[(&str, &str)] = &[("Sec-Fetch-Site", "cross-site")];
    let refused = send_bare(&person, "/account/password", &with_own, site).await;
    assert_eq!(refused.status, 403);
}

async fn whoever_signs_in_is_led_to_a_page_that_can_be_read(database: Database) {
    let river = River::shared(database).await;
    let nobody = Person::at(river.api());
    for (sent, next) in [
        ("/desk/guests/departures", "/desk"),
        ("/account/password", "/account"),
        ("/organisation/accounts/1/link", "/organisation/accounts/1"),
    ] {
        let answer = send_bare(&nobody, sent, "a=b", &[]).await;
        assert_eq!(answer.status, 303, "{sent}");
        let location = answer.header("location").unwrap();
        assert_eq!(location, format!("/sign-in?next={next}"));
    }
}

async fn every_place_of_a_chosen_facility_can_be_opened(database: Database) {
    let river = River::shared(database).await;
    let manager = river.person("manager").await;
    for (kind, own) in [
        ("hotel", None),
        ("hospital", None),
        ("school", Some("/desk/roster")),
        ("official_residence", Some("/desk/household")),
    ] {
        manager.set_cookie("facility", river.facility(kind));
        let page = manager.get("/organisation/accounts").await.text();
        let (_, rest) = page.split_once("id=\"places\"").expect("places");
        let (places, _) = rest.split_once("</ul>").expect("an end of the places");
        let links = places.split("href=\"").skip(1);
        let paths: Vec<&str> = links.filter_map(|link| link.split('"').next()).collect();
        let only_there = ["/desk/ward", "/desk/roster", "/desk/household"];
        let shown = paths.iter().filter(|path| only_there.contains(path));
        assert_eq!(shown.copied().collect::<Vec<_>>(), Vec::from_iter(own));
        for path in paths {
            assert_eq!(manager.get(path).await.status, 200, "{kind}: {path}");
        }
    }
}

async fn a_demo_account_is_one_click_away(database: Database) {
    let river = River::shared(database).await;
    let person = Person::at(river.api());
    let page = person.get("/sign-in").await.text();
    for name in river.account_names() {
        let name = &river.account(name).name;
        assert!(page.contains(&format!("value=\"{name}\"")), "{name}");
    }
    let path = "/sign-in/demo";
    let absent = send_bare(&person, path, "name=khong-co-ai", &[]).await;
    assert_eq!(absent.status, 404);
    let body = format!(
        "name={}&next=/organisation/accounts",
        river.account("manager").name
    );
    let opened = send_bare(&person, path, &body, &[]).await;
    assert_eq!(opened.status, 303);
    assert_eq!(opened.header("location"), Some("/organisation/accounts"));
    assert!(
        opened
            .header("set-cookie")
            .unwrap()
            .starts_with("luutru_session=")
    );
}
