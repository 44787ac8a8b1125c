//! The telephone of the police's duty desk: set by administrators, and shown where facilities need
//! it. One that is not known is told as that.

use serde_json::{Value, json};
use tests::{Answer, Caller, Database, River, on_both_databases};

use super::pages::send;

on_both_databases![a_telephone_is_set_shown_and_taken_away];

async fn put(caller: &Caller, path: &str, telephone: Value) -> Answer {
    let body = json!({"telephone": telephone});
    caller.call("PUT", path).json(&body).send().await
}

async fn a_telephone_is_set_shown_and_taken_away(database: Database) {
    let river = River::shared(database).await;
    let admin = river.caller("admin");
    let hotel = river.facility("hotel");
    let facility = river
        .caller("hotel")
        .get(&format!("/v1/facilities/{hotel}"))
        .await;
    let commune = facility.json()["commune_code"].as_str().unwrap().to_owned();
    let path = format!("/v1/admin/duty-desks/{commune}");
    let desk = river.person("desk").await;
    let unknown = desk.get("/help/declare").await.text();
    assert!(unknown.contains("Hệ thống chưa có số điện thoại này"));
    assert!(
        desk.get("/desk/notice")
            .await
            .text()
            .contains(", điện thoại: ")
    );
    assert!(!desk.get("/desk").await.text().contains("class=\"duty\""));

    let number = "0237 3821 113";
    let set = put(&admin, &path, json!(number)).await;
    assert_eq!(set.expect(200)["telephone"], number);
    let again = put(&admin, &path, json!(number)).await;
    assert_eq!(again.json(), set.json());
    let listed = admin.get("/v1/admin/duty-desks").await;
    assert_eq!(listed.expect(200)["items"], json!([set.json()]));
    for page in [
        "/desk",
        "/desk/offline",
        "/desk/today",
        "/desk/notice",
        "/help/declare",
    ] {
        let text = desk.get(page).await.text();
        assert!(text.contains(number), "{page}");
    }
    let stranger = river.stranger().get("/help/declare").await;
    assert!(!stranger.text().contains(number));

    let wrong = put(&admin, &path, json!("gọi 113")).await;
    assert_eq!(wrong.expect(422)["errors"][0]["code"], "invalid_telephone");
    let nowhere = put(&admin, "/v1/admin/duty-desks/99999", json!(number)).await;
    assert_eq!(nowhere.status, 404);
    for name in ["hotel", "police"] {
        let caller = river.caller(name);
        assert_eq!(
            caller.get("/v1/admin/duty-desks").await.status,
            404,
            "{name}"
        );
        let refused = put(&caller, &path, json!(number)).await;
        assert_eq!(refused.status, 404, "{name}");
    }

    the_page_does_the_same(river, &commune, number).await;

    let removed = put(&admin, &path, json!(Value::Null)).await;
    assert_eq!(removed.expect(200)["telephone"], Value::Null);
    let listed = admin.get("/v1/admin/duty-desks").await;
    assert_eq!(listed.expect(200)["items"], json!([]));
    let text = desk.get("/desk/offline").await.text();
    assert!(text.contains("Hệ thống chưa có số điện thoại này"));
}

async fn the_page_does_the_same(river: &River, commune: &str, number: &str) {
    const PATH: &str = "/admin/duty-desks";
    let admin = river.person("admin").await;
    let page = admin.get(PATH).await.text();
    assert!(page.contains(number));
    assert!(page.contains("Chưa có số"), "another commune has none");
    for (name, status) in [("desk", 404), ("police", 404), ("auditor", 200)] {
        let page = river.person(name).await.get(PATH).await;
        assert_eq!(page.status, status, "{name}");
        assert!(!page.text().contains("name=\"telephone\""), "{name}");
    }

    let other = "0237 3821 114";
    let set = async |telephone: &str| {
        let form = [("commune_code", commune), ("telephone", telephone)];
        send(&admin, PATH, &form).await
    };
    let answer = set(other).await;
    assert_eq!(answer.status, 303);
    assert_eq!(
        answer.header("location"),
        Some("/admin/duty-desks?done=changed")
    );
    let desk = river.person("desk").await.get("/desk").await.text();
    assert!(desk.contains(other));

    let wrong = set("gọi 113").await;
    let wrong = wrong.text();
    assert!(wrong.contains("href=\"#telephone\""), "{wrong}");
    assert!(wrong.contains("gọi 113"), "what was typed is kept");

    assert_eq!(set("").await.status, 303);
    let form = [("commune_code", "99999"), ("telephone", other)];
    let nowhere = send(&admin, PATH, &form).await.text();
    assert!(nowhere.contains("Chưa lưu"), "{nowhere}");
    assert!(!admin.get(PATH).await.text().contains(other));
}
