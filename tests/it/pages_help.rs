//! Help over HTTP: each screen leads to its own, which anybody may read in both languages; and the
//! notice to guests.

use tests::{Database, River, on_both_databases, people};

on_both_databases![
    each_screen_leads_to_its_own_help,
    help_is_for_everybody_and_loads_nothing_more,
    the_notice_to_guests_names_the_facility_and_its_police,
];

/// Who, where, and the help that the page leads to.
const SCREENS: &[(&str, &str, &str)] = &[
    ("desk", "/desk", "declare"),
    ("desk", "/desk/group", "group"),
    ("desk", "/desk/imports", "import"),
    ("desk", "/desk/today", "today"),
    ("desk", "/desk/today?tab=undeclared", "expected"),
    ("desk", "/desk/reconcile", "reconciliation"),
    ("desk", "/account", "account"),
    ("ward", "/desk/ward", "ward"),
    ("dormitory", "/desk/roster", "roster"),
    ("residence", "/desk/household", "household"),
    ("manager", "/organisation/accounts", "accounts"),
    ("manager", "/organisation/machines", "machines"),
    ("manager", "/organisation/facilities", "facilities"),
    ("police", "/police", "queue"),
    ("police", "/police/dashboard", "dashboard"),
    ("admin", "/admin", "destinations"),
    ("admin", "/admin/health", "health"),
    ("admin", "/admin/duty-desks", "duty-desks"),
    ("admin", "/admin/organisations", "organisations"),
    ("admin", "/admin/keys", "keys"),
];

async fn each_screen_leads_to_its_own_help(database: Database) {
    let river = River::shared(database).await;
    for (account, path, topic) in SCREENS {
        let page = river.person(account).await.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        let link = format!("<a href=\"/help/{topic}\">");
        assert!(page.text().contains(&link), "{path} has no {link}");
    }
    let manager = river.person("manager").await.in_another_window(river.api());
    manager.set_cookie("facility", river.facility("hotel"));
    let rooms = manager.get("/desk/rooms").await.text();
    assert!(rooms.contains("href=\"/help/rooms\""));
    let hotel = river.caller("hotel");
    let stay = people::citizen(river.facility("hotel"));
    let stay = hotel.accepted(&stay).await;
    let path = format!("/desk/stays/{}", stay["id"].as_str().unwrap());
    let page = river.person("desk").await.get(&path).await.text();
    assert!(page.contains("href=\"/help/stay\""));
}

async fn help_is_for_everybody_and_loads_nothing_more(database: Database) {
    let river = River::shared(database).await;
    let nobody = river.stranger();
    let list = nobody.get("/help").await.text();
    let topics: Vec<&str> = list
        .split("href=\"/help/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(topics.len() > SCREENS.len(), "{topics:?}");
    for topic in topics {
        let path = format!("/help/{topic}");
        for (cookie, heading) in [
            ("lang=vi", "Khi có trục trặc"),
            ("lang=en", "When something goes wrong"),
        ] {
            let call = nobody.call("GET", &path);
            let page = call.header("Cookie", cookie).send().await;
            assert_eq!(page.status, 200, "{path}");
            let page = page.text();
            assert!(page.contains(heading), "{path} with {cookie}");
            assert_eq!(page.matches("<script").count(), 1, "{path}");
        }
    }
    assert_eq!(nobody.get("/help/nothing").await.status, 404);
    let sign_in = nobody.get("/sign-in").await.text();
    assert!(sign_in.contains("href=\"/help/sign-in\""));
}

async fn the_notice_to_guests_names_the_facility_and_its_police(database: Database) {
    let river = River::shared(database).await;
    let hotel = river.facility("hotel");
    let shown = river
        .caller("hotel")
        .get(&format!("/v1/facilities/{hotel}"))
        .await;
    let name = shown.json()["name"].as_str().unwrap().to_owned();
    let desk = river.person("desk").await;
    for path in ["/desk/today", "/help/declare"] {
        assert!(
            desk.get(path)
                .await
                .text()
                .contains("href=\"/desk/notice\""),
            "{path}"
        );
    }
    for language in ["vi", "en"] {
        let person = river.person("desk").await.in_another_window(river.api());
        person.set_cookie("lang", language);
        let notice = person.get("/desk/notice").await;
        assert_eq!(notice.status, 200);
        let notice = notice.text();
        for said in [
            name.as_str(),
            "Công an ",
            "Police of ",
            "91/2025/QH15",
            "Ai xử lý dữ liệu",
            "Who processes the data",
        ] {
            assert!(notice.contains(said), "{said} in {language}");
        }
    }
    let officer = river.person("police").await;
    assert_eq!(officer.get("/desk/notice").await.status, 403);
    let help = officer.get("/help/declare").await.text();
    assert!(
        !help.contains("/desk/notice"),
        "an officer is led to no page that is refused"
    );
}
