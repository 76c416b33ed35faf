import weaviate

jina = {"baseURL": "http://t2v:8080", "model": "colbert-v3", "vectorizeClassName": False}
with weaviate.connect_to_local(headers={"X-JinaAI-Api-Key": "any"}) as client:
    notes = client.collections.create_from_dict({
        "class": "Note", "properties": [{"name": "text", "dataType": ["text"]}],
        "vectorConfig": {"tokens": {
            "vectorizer": {"text2multivec-jinaai": jina | {"dimensions": 9}},  # of the model
            "vectorIndexType": "hnsw", "vectorIndexConfig": {"multivector": {"enabled": True}},
        }},
    })
    texts = ["Paris is in France.", "Berlin is in Germany.", "Lyon is in France."]
    notes.data.insert_many([{"text": text} for text in texts])
    found = notes.query.near_text("a German town", limit=2, include_vector=True).objects
    vectors = {note.properties["text"]: note.vector["tokens"] for note in found}
