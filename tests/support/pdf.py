"""A document of one empty page."""


def tiny_pdf() -> bytes:
    """A whole PDF 1.4 file, its table of objects included."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>",
    )
    data, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj%sendobj\n" % (number, one)
    rows = b"".join([b"%010d 00000 n \n" % place for place in places])
    table = b"xref\n0 4\n0000000000 65535 f \n" + rows
    return data + table + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(data)
