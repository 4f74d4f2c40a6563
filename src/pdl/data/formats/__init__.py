"""Readers of the forms in which data sets come: IDX, folders of images, masks, Pascal VOC."""
