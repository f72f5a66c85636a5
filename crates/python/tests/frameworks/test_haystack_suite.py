"""Haystack's own tests of document stores: all that it has."""

import pytest
from anear.haystack import AnearDocumentStore
from haystack import Document
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy
from haystack.testing import document_store as suite
from haystack.testing import document_store_async as suite_async


@pytest.fixture
def document_store(tmp_path):
    """With 64 bits a component, so that embeddings come back as they are."""
    return AnearDocumentStore(tmp_path / "store.anear", dim=768, dtype="float64")


class TestStore(
    suite.DocumentStoreBaseExtendedTests,
    suite.CountDocumentsByFilterTest,
    suite.CountUniqueMetadataByFilterTest,
    suite.GetMetadataFieldsInfoTest,
    suite.GetMetadataFieldMinMaxTest,
    suite.GetMetadataFieldUniqueValuesTest,
):
    @pytest.fixture
    def document_store(self, document_store):
        return document_store

    def test_write_documents(self, document_store):
        documents = [Document(content="test doc")]
        assert document_store.write_documents(documents) == 1
        with pytest.raises(DuplicateDocumentError):
            document_store.write_documents(documents, DuplicatePolicy.NONE)
        self.assert_documents_are_equal(document_store.filter_documents(), documents)


class TestStoreAsynchronously(
    suite_async.CountDocumentsAsyncTest,
    suite_async.CountDocumentsByFilterAsyncTest,
    suite_async.CountUniqueMetadataByFilterAsyncTest,
    suite_async.DeleteAllAsyncTest,
    suite_async.DeleteByFilterAsyncTest,
    suite_async.DeleteDocumentsAsyncTest,
    suite_async.FilterDocumentsAsyncTest,
    suite_async.GetMetadataFieldMinMaxAsyncTest,
    suite_async.GetMetadataFieldUniqueValuesAsyncTest,
    suite_async.GetMetadataFieldsInfoAsyncTest,
    suite_async.UpdateByFilterAsyncTest,
    suite_async.WriteDocumentsAsyncTest,
    suite.FilterableDocsFixtureMixin,
):
    async def test_write_documents_async(self, document_store):
        assert await document_store.write_documents_async([Document(content="test doc")]) == 1


def test_no_part_of_the_suite_is_left_out():
    run = {base for kind in (TestStore, TestStoreAsynchronously) for base in kind.__mro__}
    for module in (suite, suite_async):
        for name, item in vars(module).items():
            if name.endswith(("Test", "Tests")):
                assert item in run, name
