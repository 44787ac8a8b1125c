//! Collects the rows of one sheet within the bounds.

use std::sync::Arc;

use super::texts::{TextId, Texts, reserve};
use super::{
    CELL_BYTE_COUNT_MAX, COLUMN_COUNT_MAX, CellKind, FileFault, Fill, Layout, ROW_COUNT_MAX, Table,
    TableRow,
};

/// The memory cost of a cell: its text's id and its kind.
const CELL_COST: usize = size_of::<TextId>() + size_of::<CellKind>();
/// Most cells that merged regions may fill.
const FILL_COUNT_MAX: usize = 500_000;

/// A sheet while it is read.
pub(super) struct SheetBuilder<'a> {
    texts: &'a mut Texts,
    rows_left: &'a mut usize,
    data: SheetData,
    /// Where the open row's cells begin.
    first: usize,
    /// The open row has text or a formula.
    has_content: bool,
    /// Cells of the open row up to its last one with content.
    filled_count: usize,
}

/// A sheet that was read, without its texts.
#[derive(Default)]
pub(super) struct SheetData {
    cells: Vec<TextId>,
    kinds: Vec<CellKind>,
    rows: Vec<TableRow>,
    fills: Vec<Fill>,
}

/// Cells that a workbook shows as one: numbers of rows from 1, of columns from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) first_row: usize,
    pub(super) last_row: usize,
    pub(super) column: usize,
}

/// Rows that all sheets of a file may have.
pub(super) const fn row_allowance() -> usize {
    ROW_COUNT_MAX
}

impl<'a> SheetBuilder<'a> {
    pub(super) fn new(texts: &'a mut Texts, rows_left: &'a mut usize) -> Self {
        Self {
            texts,
            rows_left,
            data: SheetData::default(),
            first: 0,
            has_content: false,
            filled_count: 0,
        }
    }

    /// Adds the next cell of the open row, which has this number.
    pub(super) fn push(
        &mut self,
        text: &str,
        kind: CellKind,
        row_number: usize,
    ) -> Result<(), FileFault> {
        if text.len() > CELL_BYTE_COUNT_MAX {
            return Err(FileFault::CellTooLong { row: row_number });
        }
        if self.open_count() >= COLUMN_COUNT_MAX {
            // Formatted but empty columns to the right are common.
            if text.trim().is_empty() && kind != CellKind::Formula {
                return Ok(());
            }
            return Err(FileFault::TooManyColumns);
        }
        let id = self.texts.add(text)?;
        self.push_id(id, kind, row_number)
    }

    /// Adds the next cell, whose text is kept already.
    pub(super) fn push_id(
        &mut self,
        id: TextId,
        kind: CellKind,
        row_number: usize,
    ) -> Result<(), FileFault> {
        let text = self.texts.get(id);
        if text.len() > CELL_BYTE_COUNT_MAX {
            return Err(FileFault::CellTooLong { row: row_number });
        }
        let has_content = kind == CellKind::Formula || !text.trim().is_empty();
        if self.open_count() >= COLUMN_COUNT_MAX {
            return if has_content {
                Err(FileFault::TooManyColumns)
            } else {
                Ok(())
            };
        }
        self.texts.spend(CELL_COST)?;
        reserve(&mut self.data.cells);
        reserve(&mut self.data.kinds);
        self.data.cells.push(id);
        self.data.kinds.push(kind);
        if has_content {
            self.has_content = true;
            self.filled_count = self.open_count();
        }
        Ok(())
    }

    /// Cells of the open row.
    pub(super) fn open_count(&self) -> usize {
        self.data.cells.len() - self.first
    }

    /// Ends the open row; one without content is forgotten.
    pub(super) fn end_row(&mut self, row_number: usize) -> Result<(), FileFault> {
        let kept = if self.has_content {
            self.first + self.filled_count
        } else {
            self.first
        };
        self.data.cells.truncate(kept);
        self.data.kinds.truncate(kept);
        if self.has_content {
            let left = self.rows_left.checked_sub(1);
            *self.rows_left = left.ok_or(FileFault::TooManyRows)?;
            self.texts.spend(size_of::<TableRow>())?;
            reserve(&mut self.data.rows);
            self.data.rows.push(TableRow {
                number: u32::try_from(row_number).unwrap_or(u32::MAX),
                first: u32::try_from(self.first).unwrap_or(u32::MAX),
                cell_count: u16::try_from(self.filled_count).unwrap_or(u16::MAX),
                width: u16::try_from(self.filled_count).unwrap_or(u16::MAX),
            });
        }
        self.first = self.data.cells.len();
        self.has_content = false;
        self.filled_count = 0;
        Ok(())
    }

    /// Ends the sheet. What a merged region shows counts for each of its rows that has anything
    /// else in it; a region over columns alone is a title.
    pub(super) fn finish(mut self, mut merged: Vec<Region>) -> Result<SheetData, FileFault> {
        merged.retain(|region| region.column < COLUMN_COUNT_MAX);
        for region in merged {
            self.fill(region)?;
        }
        self.data
            .fills
            .sort_unstable_by_key(|fill| (fill.row, fill.column));
        self.data.fills.dedup_by_key(|fill| (fill.row, fill.column));
        Ok(self.data)
    }

    fn fill(&mut self, region: Region) -> Result<(), FileFault> {
        let number_of = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let (first, last) = (number_of(region.first_row), number_of(region.last_row));
        let start = self.data.rows.partition_point(|row| row.number < first);
        let Some(top) = self.data.rows.get(start).copied() else {
            return Ok(());
        };
        if top.number != first || region.column >= usize::from(top.cell_count) {
            return Ok(());
        }
        let place = top.first as usize + region.column;
        let (Some(text), Some(kind)) = (
            self.data.cells.get(place).copied(),
            self.data.kinds.get(place).copied(),
        ) else {
            return Ok(());
        };
        if text.is_empty() && kind != CellKind::Formula {
            return Ok(());
        }
        let column = u16::try_from(region.column).unwrap_or(u16::MAX);
        let rows = self.data.rows.iter_mut().enumerate().skip(start + 1);
        for (row, of_row) in rows.take_while(|(_, row)| row.number <= last) {
            if self.data.fills.len() >= FILL_COUNT_MAX {
                return Err(FileFault::TooHeavy);
            }
            self.texts.spend(size_of::<Fill>())?;
            of_row.width = of_row.width.max(column + 1);
            self.data.fills.push(Fill {
                row: u32::try_from(row).unwrap_or(u32::MAX),
                column,
                text,
                kind,
            });
        }
        Ok(())
    }
}

impl SheetData {
    /// The sheet with its texts.
    pub(super) fn into_table(
        self,
        name: Option<String>,
        texts: Arc<Texts>,
        layout: Layout,
    ) -> Table {
        Table {
            name,
            texts,
            cells: self.cells,
            kinds: self.kinds,
            rows: self.rows,
            fills: self.fills,
            layout,
        }
    }
}
