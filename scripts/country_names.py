#!/usr/bin/env python3
"""Writes domain/data/country_names.csv: every word by which a country is known.

Needs Babel (PyPI, 2.19.0), which carries the names of CLDR. Run from the root of the repository:

    python3 scripts/country_names.py

Columns: the code a word stands for, how the word is compared, the word.

* code  - as it is written, capital letters and all: alpha-3, alpha-2, ICAO Doc 9303-3
* vi, en - the name in the catalogue of countries; case does not count
* word  - another name, a short form or an adjective of nationality; case does not count

A word may stand under several codes (Congo): whoever looks it up is told of both.
"""

import csv
import unicodedata
from pathlib import Path

from babel import Locale

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "seeds/data/nationalities.csv"
TARGET = ROOT / "domain/data/country_names.csv"

# Specimens and spellings of one import template: nobody comes from there.
NOT_COUNTRIES = {"UTO", "SC-"}
# Codes of machine-readable zones that name a country with a code of its own.
SAME_COUNTRY = {"D": "DEU", "RKS": "XKX"}

# What people write besides the names of CLDR, Vietnamese first, then English short forms and
# former names, then adjectives. Separated by "|".
WORDS = {
    "AFG": "Áp-ga-ni-xtan|Afghan|Afghani",
    "AGO": "Ăng-gô-la|Angolan",
    "ALB": "An-ba-ni|Albanian",
    "AND": "Andorran",
    "ARE": "UAE|U.A.E.|Tiểu vương quốc Ả Rập|Các tiểu vương quốc Ả-rập thống nhất|Emirati|Dubai|Abu Dhabi",
    "ARG": "Ác-hen-ti-na|Argentine|Argentinian|Argentinean",
    "ARM": "Ác-mê-ni-a|Armenian",
    "ASM": "Samoa thuộc Mỹ|American Samoan",
    "ATG": "Antiguan|Barbudan",
    "AUS": "Úc|Ô-xtrây-li-a|Châu Úc|Australian|Aussie",
    "AUT": "Áo|Austrian",
    "AZE": "A-déc-bai-gian|Azerbaijani|Azeri",
    "BDI": "Burundian",
    "BEL": "Bỉ|Belgian",
    "BEN": "Beninese",
    "BFA": "Burkinabe|Burkinabé",
    "BGD": "Băng-la-đét|Bangladeshi",
    "BGR": "Bun-ga-ri|Bungari|Bulgarian",
    "BHR": "Ba-ranh|Bahraini",
    "BHS": "Bahamian|The Bahamas",
    "BIH": "Bosnia|Bosnian|Bosnia-Herzegovina|Bosnia and Herzegovina",
    "BLR": "Bê-la-rút|Bạch Nga|Belarusian|Byelorussia",
    "BLZ": "Belizean",
    "BMU": "Bermudian",
    "BOL": "Bô-li-vi-a|Bolivian|Bolivia, Plurinational State of",
    "BRA": "Bra-xin|Brasil|Brazilian",
    "BRB": "Barbadian|Bajan",
    "BRN": "Bru-nây|Brunei Darussalam|Bruneian",
    "BTN": "Bu-tan|Bhutanese",
    "BWA": "Botswanan|Motswana",
    "CAF": "Trung Phi|Central African|CAR",
    "CAN": "Ca-na-đa|Gia Nã Đại|Canadian",
    "CHE": "Thụy Sĩ|Thụy Sỹ|Thuỵ Sĩ|Thuỵ Sỹ|Swiss",
    "CHL": "Chi-lê|Chilean",
    "CHN": "Trung Quốc|TQ|Trung Hoa|CHND Trung Hoa|Cộng hòa Nhân dân Trung Hoa|PRC|P.R. China|PR China|P.R.China|China PR|Mainland China|People's Republic of China|China, People's Republic of|Chinese",
    "CIV": "Bờ Biển Ngà|Ivory Coast|Cote d'Ivoire|Ivorian",
    "CMR": "Ca-mơ-run|Cameroonian",
    "COD": "CHDC Congo|Cộng hòa Dân chủ Congo|DR Congo|DRC|D.R. Congo|Congo, Democratic Republic of the|Democratic Republic of the Congo|Congo-Kinshasa|Zaire|Congo|Công-gô|Congolese",
    "COG": "Cộng hòa Congo|Republic of the Congo|Congo Republic|Congo-Brazzaville|Congo|Công-gô|Congolese",
    "COL": "Cô-lôm-bi-a|Colombian",
    "COM": "Comoran|Comorian",
    "CPV": "Cabo Verde|Cape Verde|Cape Verdean",
    "CRI": "Cốt-xta Ri-ca|Costa Rican",
    "CUB": "Cu Ba|Cuban",
    "CYP": "Síp|Đảo Síp|Cypriot",
    "CZE": "Séc|Cộng hòa Séc|Cộng hoà Séc|CH Séc|Tiệp|Tiệp Khắc|Czech|Czech Republic|The Czech Republic|Czech Rep.",
    "DEU": "Đức|CHLB Đức|Cộng hòa Liên bang Đức|Deutschland|Federal Republic of Germany|German",
    "DJI": "Djiboutian",
    "DMA": "Dominican",
    "DNK": "Đan Mạch|Danish|Dane",
    "DOM": "Cộng hòa Dominica|Dominican|Dominican Rep.",
    "DZA": "An-giê-ri|Algerian",
    "ECU": "Ê-cu-a-đo|Ecuadorian|Ecuadorean",
    "EGY": "Ai Cập|Egyptian|Arab Republic of Egypt",
    "ERI": "Eritrean",
    "ESP": "Tây Ban Nha|TBN|España|Spanish|Spaniard",
    "EST": "E-xtô-ni-a|Estonian",
    "ETH": "Ê-ti-ô-pi-a|Ethiopian",
    "FIN": "Phần Lan|Finnish|Finn",
    "FJI": "Phi-gi|Fijian",
    "FRA": "Pháp|Cộng hòa Pháp|French|Francais|Français",
    "FSM": "Micronesia|Micronesian|Micronesia, Federated States of",
    "GAB": "Gabonese",
    "GBR": "Anh|Anh Quốc|Vương Quốc Anh|UK|U.K.|U.K|Great Britain|Britain|United Kingdom of Great Britain and Northern Ireland|England|Scotland|Wales|Northern Ireland|Xcốt-len|British|English|Scottish|Welsh|Brit|Briton",
    "GEO": "Gru-di-a|Georgian",
    "GHA": "Ga-na|Ghanaian",
    "GIN": "Ghi-nê|Guinean",
    "GMB": "The Gambia|Gambian",
    "GNB": "Guinea Bissau",
    "GNQ": "Ghi-nê Xích Đạo|Equatorial Guinean|Equatoguinean",
    "GRC": "Hy Lạp|Hi Lạp|Greek|Hellenic Republic",
    "GRD": "Grenadian",
    "GTM": "Goa-tê-ma-la|Guatemalan",
    "GUY": "Guyanese",
    "HKG": "Hồng Kông|Hồng Công|Hong Kong|Hongkong|HK|Hong Kong SAR|Hong Kong SAR China|Hong Kong, China|Hongkonger",
    "HND": "Hôn-đu-rát|Honduran",
    "HRV": "Crô-a-ti-a|Croatian|Croat",
    "HTI": "Ha-i-ti|Haitian",
    "HUN": "Hung|Hung-ga-ri|Hungari|Hungarian",
    "IDN": "Indo|In-đô-nê-xi-a|Inđônêxia|Indonesian",
    "IND": "Ấn|Ấn Độ|Indian|Republic of India|Bharat",
    "IRL": "Ai-len|Ai Len|Cộng hòa Ireland|Republic of Ireland|Eire|Irish",
    "IRN": "I-ran|Iranian|Persian|Iran, Islamic Republic of|Islamic Republic of Iran",
    "IRQ": "I-rắc|Iraqi",
    "ISL": "Ai-xơ-len|Băng Đảo|Icelandic|Icelander",
    "ISR": "I-xra-en|Do Thái|Israeli",
    "ITA": "Ý|I-ta-li-a|Italian|Italia",
    "JAM": "Gia-mai-ca|Jamaican",
    "JOR": "Gioóc-đa-ni|Jordanian",
    "JPN": "Nhật|Nhật Bản|NB|Japanese|Nippon",
    "KAZ": "Ca-dắc-xtan|Kazakh|Kazakhstani",
    "KEN": "Kê-ni-a|Kenyan",
    "KGZ": "Cư-rơ-gư-xtan|Kyrgyz|Kirghiz|Kirgizstan|Kyrgyz Republic",
    "KHM": "Cam-pu-chia|Campuchia|Căm-pu-chia|Cao Miên|Khmer|Cambodian|Kampuchea",
    "KIR": "I-Kiribati",
    "KNA": "Kittitian|Nevisian|Saint Kitts and Nevis|St Kitts and Nevis|St. Kitts and Nevis",
    "KOR": "Hàn|Hàn Quốc|HQ|Đại Hàn|Nam Hàn|Nam Triều Tiên|Korea|South Korea|S. Korea|S.Korea|Republic of Korea|Korea, Republic of|Korea Republic|Korea, South|Korea (South)|ROK|Korean|South Korean",
    "KWT": "Cô-oét|Kuwaiti",
    "LAO": "Lào|CHDCND Lào|Lao|Laos|Lao PDR|Lao People's Democratic Republic|Laotian",
    "LBN": "Li-băng|Liban|Lebanese",
    "LBR": "Liberian",
    "LBY": "Li-bi|Libyan",
    "LCA": "Saint Lucian|St Lucian|St Lucia|St. Lucia",
    "LIE": "Liechtensteiner",
    "LKA": "Xri Lan-ca|Sri Lankan|Ceylon",
    "LSO": "Basotho|Mosotho",
    "LTU": "Lít-va|Litva|Lithuanian",
    "LUX": "Lúc-xăm-bua|Luxembourger",
    "LVA": "Lát-vi-a|Latvian",
    "MAC": "Ma Cao|Ma-cao|Áo Môn|Macau|Macao|Macau SAR|Macao SAR|Macao SAR China|Macanese",
    "MAR": "Ma-rốc|Ma Rốc|Moroccan",
    "MCO": "Monegasque|Monacan",
    "MDA": "Môn-đô-va|Moldovan|Republic of Moldova|Moldova, Republic of",
    "MDG": "Ma-đa-ga-xca|Malagasy|Madagascan",
    "MDV": "Man-đi-vơ|Maldivian|The Maldives",
    "MEX": "Mê-hi-cô|Mê-xi-cô|Mexican",
    "MHL": "Marshallese",
    "MKD": "Macedonia|Bắc Macedonia|Macedonian|FYROM|Republic of North Macedonia",
    "MLI": "Malian",
    "MLT": "Man-ta|Maltese",
    "MMR": "Miến Điện|Mi-an-ma|Mianma|Burma|Burmese|Myanma|Myanmese|Myanmar (Burma)",
    "MNE": "Montenegrin",
    "MNG": "Mông Cổ|Mongolian|Mongol",
    "MOZ": "Mô-dăm-bích|Mozambican",
    "MRT": "Mauritanian",
    "MUS": "Mauritian",
    "MWI": "Malawian",
    "MYS": "Mã Lai|Ma-lai-xi-a|Malaysian|Malay",
    "NAM": "Namibian",
    "NER": "Nigerien",
    "NGA": "Ni-giê-ri-a|Nigerian",
    "NIC": "Ni-ca-ra-goa|Nicaraguan",
    "NLD": "Hà Lan|Holland|The Netherlands|Nederland|Dutch",
    "NOR": "Na Uy|Na-uy|Norwegian",
    "NPL": "Nê-pan|Nepalese|Nepali",
    "NRU": "Nauruan",
    "NZL": "Niu Di-lân|Tân Tây Lan|New Zealander|Kiwi|NZ|N.Z.",
    "OMN": "Ô-man|Omani",
    "PAK": "Pa-ki-xtan|Pakistani",
    "PAN": "Pa-na-ma|Panamanian",
    "PER": "Pê-ru|Peruvian",
    "PHL": "Phi-líp-pin|Philippin|Phi|The Philippines|Filipino|Filipina|Philippine",
    "PLW": "Palauan",
    "PNG": "Papua New Guinean|PNG",
    "POL": "Ba Lan|Polish|Pole",
    "PRI": "Puerto Rican",
    "PRK": "Triều Tiên|Bắc Triều Tiên|Bắc Hàn|CHDCND Triều Tiên|North Korea|N. Korea|DPRK|D.P.R.K.|Democratic People's Republic of Korea|Korea, Democratic People's Republic of|Korea, North|Korea (North)|North Korean",
    "PRT": "Bồ Đào Nha|BĐN|Portuguese",
    "PRY": "Pa-ra-goay|Paraguayan",
    "PSE": "Pa-le-xtin|Palestine|Palestinian|State of Palestine|Palestine, State of",
    "QAT": "Ca-ta|Qatari",
    "ROU": "Ru-ma-ni|Rumani|Rumania|Romanian",
    "RUS": "Nga|LB Nga|Liên bang Nga|Russia|Russian|Russian Federation|The Russian Federation",
    "RWA": "Rwandan",
    "SAU": "Ả Rập Xê Út|Ả-rập Xê-út|Ả Rập Saudi|Saudi|KSA|Kingdom of Saudi Arabia|Saudi Arabian",
    "SDN": "Xu-đăng|Sudanese",
    "SEN": "Senegalese",
    "SGP": "Xinh-ga-po|Xing-ga-po|Sing|Tân Gia Ba|Singaporean",
    "SLB": "Solomon Islander",
    "SLE": "Sierra Leonean",
    "SLV": "En Xan-va-đo|Salvadoran|Salvadorean",
    "SMR": "Sammarinese",
    "SOM": "Xô-ma-li|Somali|Somalian",
    "SRB": "Xéc-bi|Serbian|Serb",
    "SSD": "Nam Xu-đăng|South Sudanese",
    "STP": "Sao Tomean|Sao Tome and Principe",
    "SUR": "Surinamese",
    "SVK": "Xlô-va-ki-a|Slovak|Slovakian|Slovak Republic",
    "SVN": "Xlô-ven-ni-a|Slovenian|Slovene",
    "SWE": "Thụy Điển|Thuỵ Điển|Swedish|Swede",
    "SWZ": "Swaziland|Swazi|Eswatini",
    "SYC": "Seychellois",
    "SYR": "Xi-ri|Xy-ri|Syrian|Syrian Arab Republic",
    "TCD": "Chadian",
    "TGO": "Togolese",
    "THA": "Thái|Thái Lan|Thai|Siam",
    "TJK": "Tát-gi-ki-xtan|Tajik|Tadjikistan|Tajikistani",
    "TKM": "Tuốc-mê-ni-xtan|Turkmen",
    "TLS": "Đông Ti-mo|Đông Timor|East Timor|East Timorese|Timorese",
    "TON": "Tongan",
    "TTO": "Trinidad|Trinidadian|Tobagonian|Trinidad and Tobago",
    "TUN": "Tuy-ni-di|Tunisian",
    "TUR": "Thổ Nhĩ Kỳ|Thổ Nhĩ Kì|Thổ|Turkey|Türkiye|Turkiye|Turkish|Turk",
    "TUV": "Tuvaluan",
    "TWN": "Đài Loan|Đài Bắc|ĐL|Taiwan|Taiwanese|Chinese Taipei|Taipei|Taiwan, Province of China|Taiwan (R.O.C.)|Taiwan ROC|Republic of China",
    "TZA": "Tan-da-ni-a|Tanzanian|Tanzania|United Republic of Tanzania|Tanzania, United Republic of",
    "UGA": "U-gan-đa|Ugandan",
    "UKR": "U-crai-na|Ucraina|Ukrainian|The Ukraine",
    "URY": "U-ru-goay|Uruguayan",
    "USA": "Mỹ|Mĩ|Hoa Kỳ|Hoa Kì|Hợp chủng quốc Hoa Kỳ|Hợp chúng quốc Hoa Kỳ|US|U.S.|U.S|USA|U.S.A.|U.S.A|United States|The United States|United States of America|The United States of America|America|American",
    "UZB": "U-dơ-bê-ki-xtan|Uzbek|Uzbekistani",
    "VAT": "Va-ti-căng|Tòa thánh|Vatican|Holy See|The Holy See|Vatican City State",
    "VCT": "Saint Vincent|Vincentian|St Vincent and the Grenadines",
    "VEN": "Vê-nê-xu-ê-la|Venezuelan|Venezuela, Bolivarian Republic of",
    "VGB": "British Virgin Islander",
    "VNM": "Việt Nam|Việt|VN|V.N|V.N.|CHXHCN Việt Nam|CHXHCNVN|Cộng hòa xã hội chủ nghĩa Việt Nam|Kinh|Vietnam|Viet Nam|Viet-Nam|Vietnamese|Socialist Republic of Vietnam|Socialist Republic of Viet Nam",
    "VUT": "Ni-Vanuatu",
    "WSM": "Samoan|Western Samoa",
    "XKX": "Cô-xô-vô|Kosovar|Kosovan",
    "XXA": "Không quốc tịch|Không có quốc tịch|Stateless|Stateless person",
    "XXB": "Refugee",
    "YEM": "Y-ê-men|Yemeni|Yemenite",
    "ZAF": "Nam Phi|South African|Republic of South Africa|RSA",
    "ZMB": "Dăm-bi-a|Zambian",
    "ZWE": "Dim-ba-bu-ê|Zimbabwean",
}

# Names that the catalogue and its template had before.
FORMER = {
    "ALA": "Quần đảo Aland",
    "ARE": "Các Tiểu Vương Quốc Ả Rập Thống Nhất",
    "ASM": "American Samoa",
    "ATA": "Antarctica",
    "ATF": "Vùng đất phía Nam và châu Nam Cực thuộc Pháp",
    "AUT": "Austria",
    "BRN": "Brunei Darussalam",
    "CCK": "Quần đảo Cocos (Keeling)",
    "CIV": "Cote d'Ivoire",
    "COD": "Cộng hòa Dân chủ Công-gô",
    "COG": "Công-gô",
    "CXR": "Đảo Giáng sinh",
    "CYP": "Cyprus",
    "CZE": "Cộng hòa Séc",
    "FLK": "Quần đảo Falkland (Malvinas)",
    "FSM": "Liên bang Micronesia",
    "GNQ": "Equatorial Guinea",
    "GUF": "Guyane thuộc Pháp",
    "HMD": "Đảo Heard và Quần đảo Mcdonald",
    "IRN": "Cộng hòa Hồi giáo Iran",
    "KWT": "Cô-oét",
    "LAO": "Cộng hòa Dân chủ nhân dân Lào",
    "LBN": "Lebanon",
    "LTU": "Lithuania",
    "MDA": "Cộng hoà Moldova",
    "MYS": "Bán đảo Mã Lai",
    "PCN": "Pitcairn",
    "PSE": "Lãnh thổ Palestine, bị chiếm đóng",
    "PYF": "Polynésie thuộc Pháp",
    "REU": "Reunion",
    "RUS": "Liên bang Nga",
    "STP": "Sao Tome và Principe",
    "SXM": "Sint Maarten (phần Hà Lan)",
    "SYR": "Cộng Hòa Arab Syrian",
    "TZA": "Cộng hòa Thống nhất Tanzania",
    "USA": "Hợp chủng quốc Hoa Kỳ",
    "VAT": "Tòa Thánh (Thành phố Vatican)",
    "VGB": "Quần đảo Virgin, Anh",
    "VIR": "Quần đảo Virgin, Hoa Kỳ",
    "WLF": "Lãnh thổ quần đảo Wallis và Futuna",
}

# Names that CLDR or ISO gives and that a desk may mean otherwise; they are left to WORDS alone.
LEFT_OUT = {"Congo - Brazzaville", "Congo - Kinshasa"}


def clean(word):
    """NFC, single spaces."""
    return " ".join(unicodedata.normalize("NFC", word).split())


def names_of_cldr(alpha_2):
    for language in ("en", "vi"):
        name = Locale(language).territories.get(alpha_2)
        if name and name not in LEFT_OUT:
            yield name
            # "Myanmar (Miến Điện)": either part alone as well.
            if name.endswith(")") and " (" in name:
                yield name.split(" (")[0]


def main():
    with SOURCE.open(encoding="utf-8") as file:
        countries = [row for row in csv.DictReader(file) if row["code"] not in NOT_COUNTRIES]
    rows = []
    for country in countries:
        code = SAME_COUNTRY.get(country["code"], country["code"])
        rows.append((code, "code", country["code"]))
        if country["alpha2"]:
            rows.append((code, "code", country["alpha2"]))
        if code != country["code"]:
            continue
        rows.append((code, "vi", clean(country["name_vi"])))
        rows.append((code, "en", clean(country["name_en"])))
        names = []
        if country["alpha2"]:
            names += names_of_cldr(country["alpha2"])
        names += [FORMER[code]] if code in FORMER else []
        names += [word for word in WORDS.get(code, "").split("|") if word]
        seen = {clean(country["name_vi"]).casefold(), clean(country["name_en"]).casefold()}
        for name in map(clean, names):
            variants = [name, name.replace("&", "and")] if "&" in name else [name]
            for variant in variants:
                if variant.casefold() not in seen:
                    seen.add(variant.casefold())
                    rows.append((code, "word", variant))
    unknown = set(WORDS) - {country["code"] for country in countries}
    if unknown:
        raise SystemExit(f"no such countries: {sorted(unknown)}")
    rows.sort(key=lambda row: (row[0], row[1], row[2]))
    with TARGET.open("w", encoding="utf-8", newline="\n") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("code", "kind", "word"))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
