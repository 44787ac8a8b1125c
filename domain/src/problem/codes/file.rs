//! Codes of the class `violation`: a scan, a picture or a file, or a row of it, cannot be taken.

macro_rules! file {
    ([$next:ident $($later:ident)*] $($rows:tt)*) => { $next! { [$($later)*] $($rows)*

Violation, status: 422 {
    /// The text is not that of the QR code on a citizen's card.
    NotCardQr => "not_card_qr", at: "/text" {
        vi: "Không phải mã QR của thẻ căn cước",
            "Nội dung này không phải mã QR in trên thẻ căn cước hoặc căn cước công dân gắn chíp. Hãy quét đúng mã QR trên thẻ, hoặc nhập tay.";
        en: "Not the QR code of a citizen card",
            "This is not the text of the QR code on a Vietnamese citizen card. Scan the code on the card, or type the fields.";
    }

    /// The text of a card's QR code with fewer than seven fields.
    CardQrIncomplete => "card_qr_incomplete", at: "/text" {
        vi: "Mã QR đọc thiếu",
            "Nội dung mã QR của thẻ có ít hơn 7 mục nên đã bị cắt khi đọc. Hãy quét lại, hoặc nhập tay.";
        en: "The QR code was read in part",
            "The text of the card's QR code has fewer than seven fields: it was cut off. Scan it again, or type the fields.";
    }

    /// The text is not that of a machine-readable zone.
    NotMrz => "not_mrz", at: "/text" {
        vi: "Không phải vùng đọc máy (MRZ)",
            "Nội dung này không phải các dòng đọc máy của thẻ hoặc hộ chiếu. Hãy gửi đủ các dòng có ký tự < ở cuối trang hoặc mặt sau thẻ.";
        en: "Not a machine-readable zone",
            "This is not the machine-readable zone of a card or passport. Send its lines, those with the character <, from the foot of the page or the back of the card.";
    }

    /// Lines that fit none of the three sizes of a machine-readable zone.
    MrzLength => "mrz_length", at: "/text" {
        vi: "Vùng đọc máy sai độ dài",
            "Vùng đọc máy phải có 3 dòng 30 ký tự, 2 dòng 36 ký tự hoặc 2 dòng 44 ký tự. Hãy quét lại cho đủ dòng, đủ ký tự.";
        en: "Machine-readable zone of the wrong length",
            "A machine-readable zone has 3 lines of 30, 2 lines of 36 or 2 lines of 44 characters. Scan it again, every line to its end.";
    }

    /// A machine-readable zone with a character it cannot hold.
    MrzCharacter => "mrz_character", at: "/text" {
        vi: "Vùng đọc máy có ký tự lạ",
            "Vùng đọc máy chỉ gồm chữ cái A đến Z không dấu, chữ số và ký tự <. Hãy quét lại.";
        en: "Character outside the machine-readable zone",
            "A machine-readable zone holds the letters A to Z, digits and < only. Scan it again.";
    }

    /// The machine-readable zone of a visa or of another document that identifies nobody.
    MrzOtherDocument => "mrz_other_document", at: "/text" {
        vi: "Không phải giấy tờ tùy thân",
            "Vùng đọc máy này thuộc thị thực hoặc giấy tờ khác, không phải thẻ hay hộ chiếu. Hãy quét trang nhân thân của hộ chiếu hoặc thẻ.";
        en: "Not an identity document",
            "This zone belongs to a visa or another document, not to a card or passport. Scan the passport's data page or the card.";
    }

    /// The body is no whole picture of the media type it names.
    ImageUnreadable => "image_unreadable", at: "" {
        vi: "Không đọc được ảnh",
            "Tệp không phải ảnh PNG hoặc JPEG nguyên vẹn đúng với Content-Type. Hãy chụp hoặc xuất lại ảnh.";
        en: "The picture cannot be read",
            "The body is not a complete PNG or JPEG picture of the media type in Content-Type. Take or export the picture again.";
    }

    /// The picture has more pixels than are decoded.
    ImageTooManyPixels => "image_too_many_pixels", at: "" {
        vi: "Ảnh quá nhiều điểm ảnh",
            "Kích thước ảnh vượt mức được xử lý. Hãy thu nhỏ ảnh hoặc cắt sát mã QR.";
        en: "The picture has too many pixels",
            "The picture is larger than the service decodes. Scale it down, or crop it to the QR code.";
    }

    /// The picture shows no QR code that can be read.
    ImageWithoutQr => "image_without_qr", at: "" {
        vi: "Không tìm thấy mã QR trong ảnh",
            "Ảnh không có mã QR nào đọc được. Hãy chụp thẳng, gần, đủ sáng và rõ nét, hoặc nhập tay.";
        en: "No QR code in the picture",
            "The picture shows no QR code that can be read. Take it straight on, close, bright and sharp, or type the fields.";
    }

    /// The file is damaged, locked, or of another kind than it is said to be.
    FileUnreadable => "file_unreadable", at: "" {
        vi: "Không đọc được tệp",
            "Tệp bị hỏng, có mật khẩu, hoặc không đúng loại đã khai. Hãy lưu lại thành XLSX không có mật khẩu hoặc CSV (UTF-8) rồi gửi lại.";
        en: "The file cannot be read",
            "The file is damaged, has a password, or is of another kind than stated. Save it as XLSX without a password or as CSV (UTF-8), and send it again.";
    }

    /// Text in no encoding that can be told for certain.
    FileEncodingUnknown => "file_encoding_unknown", at: "" {
        vi: "Không rõ bảng mã của tệp",
            "Không xác định chắc chắn được bảng mã của tệp văn bản. Hãy lưu tệp thành CSV UTF-8 hoặc XLSX rồi gửi lại.";
        en: "The encoding is not known",
            "The encoding of the text cannot be told for certain. Save the file as CSV UTF-8 or as XLSX, and send it again.";
    }

    /// A workbook with macros.
    FileHasMacros => "file_has_macros", at: "" {
        vi: "Tệp có macro",
            "Bảng tính có macro nên không được nhận. Hãy lưu thành XLSX (không macro) rồi gửi lại.";
        en: "The file has macros",
            "The workbook contains macros and is not accepted. Save it as XLSX without macros, and send it again.";
    }

    /// Unpacked, the file would be far larger than it looks.
    FileExpandsTooFar => "file_expands_too_far", at: "" {
        vi: "Tệp nén phình quá lớn",
            "Khi giải nén tệp lớn hơn mức cho phép rất nhiều. Hãy chép dữ liệu sang một bảng tính mới rồi gửi lại.";
        en: "The file expands too far",
            "Unpacked, the file is far larger than allowed. Copy the data into a new workbook, and send that.";
    }

    /// Reading the file takes more memory or time than a file may have.
    FileTooHeavy => "file_too_heavy", at: "" {
        vi: "Tệp quá nặng",
            "Đọc tệp này cần nhiều bộ nhớ hoặc thời gian hơn mức cho phép. Hãy chép riêng các dòng khách sang một bảng tính mới, hoặc chia thành nhiều tệp, rồi gửi lại.";
        en: "The file is too heavy",
            "Reading the file takes more memory or time than is allowed. Copy the rows of the guests alone into a new workbook, or divide them into several files, and send that.";
    }

    /// A quotation mark that never closes, or only rows later.
    FileQuoteOpen => "file_quote_open", at: "" {
        vi: "Dấu nháy kép không được đóng",
            "Trong tệp CSV có dấu nháy kép mở ra mà không đóng, nên các dòng bên dưới bị dính vào cùng một ô. Hãy đóng hoặc xóa dấu nháy kép ở dòng đó, hoặc lưu tệp thành XLSX, rồi gửi lại.";
        en: "A quotation mark is not closed",
            "In the CSV a quotation mark opens and does not close, so the rows below it run into one cell. Close or remove the mark in that row, or save the file as XLSX, and send it again.";
    }

    /// A web page, a picture or another document with the name of a table.
    FileNotATable => "file_not_a_table", at: "" {
        vi: "Tệp không phải bảng tính",
            "Tệp là trang web, PDF, ảnh hoặc tài liệu khác mang tên bảng tính. Hãy mở tệp bằng Excel hoặc xuất lại từ phần mềm của quý vị, chọn Lưu thành (Save As) loại Excel Workbook (.xlsx), rồi gửi tệp đó.";
        en: "The file is not a table",
            "The file is a web page, a PDF, a picture or another document under the name of a table. Open it in Excel, or export it again from your program, choose Save As, Excel Workbook (.xlsx), and send that.";
    }

    /// A form that holds not just one file.
    FormNotOneFile => "form_not_one_file", at: "" {
        vi: "Biểu mẫu không có đúng một tệp",
            "Biểu mẫu (multipart/form-data) phải có đúng một tệp và không có trường nào khác. Hãy ghi facility_id, dry_run, date_order trên địa chỉ (query).";
        en: "The form does not hold exactly one file",
            "The form (multipart/form-data) must hold exactly one file and no other field. Give facility_id, dry_run and date_order in the address (query).";
    }

    /// The file is packed.
    FileCompressed => "file_compressed", at: "" {
        vi: "Tệp đang bị nén",
            "Tệp đang được nén (zip, gzip, rar, 7z). Hãy giải nén rồi gửi chính bảng tính bên trong.";
        en: "The file is compressed",
            "The file is compressed (zip, gzip, rar, 7z). Unpack it, and send the table inside it.";
    }

    /// More rows than are taken.
    FileTooManyRows => "file_too_many_rows", at: "" {
        vi: "Tệp có quá nhiều dòng",
            "Tệp có nhiều dòng hơn mức được nhận. Hãy chia thành nhiều tệp.";
        en: "The file has too many rows",
            "The file has more rows than are accepted. Divide it into several files.";
    }

    /// More columns than are taken.
    FileTooManyColumns => "file_too_many_columns", at: "" {
        vi: "Tệp có quá nhiều cột",
            "Tệp có nhiều cột hơn mức được nhận. Hãy bỏ các cột thừa.";
        en: "The file has too many columns",
            "The file has more columns than are accepted. Remove those that are not needed.";
    }

    /// A cell with more text than any column can hold.
    FileCellTooLong => "file_cell_too_long", at: "" {
        vi: "Có ô quá dài",
            "Một ô có nhiều chữ hơn mức được nhận. Hãy rút ngắn ô đó; nếu là CSV, hãy kiểm tra dấu nháy kép.";
        en: "A cell is too long",
            "A cell holds more text than is accepted. Shorten it; in a CSV, check the quotation marks.";
    }

    /// No row below the heading.
    FileEmpty => "file_empty", at: "" {
        vi: "Tệp không có dòng nào",
            "Tệp không có dòng dữ liệu nào dưới dòng tiêu đề. Hãy nhập ít nhất một dòng.";
        en: "The file has no rows",
            "There is no row below the heading. Fill in at least one.";
    }

    /// No heading that names a guest and an arrival.
    FileColumnsUnknown => "file_columns_unknown", at: "" {
        vi: "Không nhận ra các cột",
            "Không tìm thấy dòng tiêu đề có cột họ tên và cột ngày đến. Hãy đặt tên cột như trong tệp mẫu (API: /v1/imports/template).";
        en: "The columns are not recognised",
            "No heading with a column for the name and one for the arrival was found. Name the columns as in the template (by API: /v1/imports/template).";
    }

    /// Two columns that both fit one member.
    FileColumnsAmbiguous => "file_columns_ambiguous", at: "" {
        vi: "Hai cột trùng ý nghĩa",
            "Có hai cột cùng hiểu được là một mục mà nội dung khác nhau. Hãy đổi tên hoặc bỏ một trong hai cột.";
        en: "Two columns mean the same",
            "Two columns can both be read as the same thing and say different things. Rename or remove one of them.";
    }

    /// A cell with a formula.
    Formula => "formula", at: "/room" {
        vi: "Ô chứa công thức",
            "Ô chứa công thức nên giá trị không được tin dùng. Hãy dán giá trị (Paste values) thay cho công thức.";
        en: "The cell holds a formula",
            "The cell holds a formula, whose value cannot be trusted. Paste the value in its place.";
    }

    /// A date that may mean two days.
    DateAmbiguous => "date_ambiguous", at: "/arrival_at" {
        vi: "Ngày có thể hiểu hai cách",
            "Ngày này có thể hiểu theo hai cách. Hãy ghi ngày trước, tháng sau, năm đủ bốn chữ số, như 28/11/2026.";
        en: "The date may mean two days",
            "This date may mean two days. Write day, month and a year of four digits, like 28/11/2026.";
    }

    /// A number whose zeros in front were lost.
    LeadingZeroLost => "leading_zero_lost", at: "/guest/document/number" {
        vi: "Số bị mất số 0 ở đầu",
            "Số này thiếu chữ số, có thể do bảng tính làm mất số 0 ở đầu. Hãy kiểm tra số đề nghị trong tệp các dòng bị từ chối và nhập lại ở dạng văn bản.";
        en: "Leading zeros were lost",
            "The number lacks digits; a spreadsheet may have dropped the leading zeros. Check the one proposed in the file of rejected rows, and enter it as text.";
    }

    /// A number written with an exponent: digits are lost.
    NumberRounded => "number_rounded", at: "/guest/document/number" {
        vi: "Số bị làm tròn",
            "Số ở dạng số mũ (như 3.8E+10) nên đã mất chữ số. Hãy nhập lại số theo giấy tờ ở dạng văn bản.";
        en: "The number was rounded",
            "The number is written with an exponent (like 3.8E+10), so digits are lost. Enter it again from the document, as text.";
    }

    /// Text that was read in a wrong encoding before it came.
    TextDamaged => "text_damaged", at: "/guest/full_name" {
        vi: "Chữ bị hỏng bảng mã",
            "Chữ ở đây đã bị hỏng bảng mã (font TCVN3, VNI…) từ trước khi gửi. Hãy chuyển sang Unicode (UTF-8) rồi gửi lại, hoặc gõ lại.";
        en: "The text is damaged",
            "The text was damaged by a wrong encoding (a TCVN3 or VNI font…) before it was sent. Convert it to Unicode (UTF-8) and send it again, or type it again.";
    }

    /// A word that may mean two countries.
    NationalityAmbiguous => "nationality_ambiguous", at: "/guest/nationality" {
        vi: "Quốc tịch hiểu được hai cách",
            "Từ này có thể chỉ hai nước khác nhau. Hãy ghi rõ tên nước có dấu hoặc mã ba chữ cái của nước.";
        en: "The nationality may mean two countries",
            "This word may mean two different countries. Write the country's full name, or its three-letter code.";
    }

    /// A status that does not tell whether the guest is there.
    StatusUnknown => "status_unknown", at: "" {
        vi: "Không rõ khách có đang ở hay không",
            "Trạng thái này không cho biết khách đang ở, đã đi hay chưa đến, nên không khai báo. Hãy ghi Đang ở, Đã trả phòng, Chưa đến hoặc Đã hủy.";
        en: "The status does not say whether the guest is there",
            "This status does not say that the guest is there, has left or has not come, so nobody was declared. Write In house, Checked out, Not arrived or Cancelled.";
    }

    /// A cell with an error, a date or a truth value where text is expected.
    CellNotText => "cell_not_text", at: "/room" {
        vi: "Ô không chứa nội dung dùng được",
            "Ô chứa lỗi của bảng tính (như #N/A), TRUE/FALSE hoặc một ngày, không phải nội dung của mục này. Hãy định dạng ô là Văn bản rồi gõ lại nội dung.";
        en: "The cell holds no text",
            "The cell holds a spreadsheet error (such as #N/A), TRUE/FALSE or a date, which this column cannot take. Format the cell as text and type its content again.";
    }
}

    } };
}
