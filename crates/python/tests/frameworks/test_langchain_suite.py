"""LangChain's own tests of vector stores."""

import pytest
from anear.langchain import AnearVectorStore
from langchain_tests.integration_tests.vectorstores import VectorStoreIntegrationTests


class TestAnearVectorStore(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, tmp_path):
        return AnearVectorStore(self.get_embeddings(), tmp_path / "store.anear")
