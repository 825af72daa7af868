"""The library needs no Python, but a platform: py3-none-PLATFORM.

packages/release.py puts the library in its place, and names its platform in
TABLAO_WHEEL_PLATFORM, which need not be the one that the wheel is made on.
"""

import os

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel


class PlatformWheel(bdist_wheel):
    def get_tag(self):
        return "py3", "none", os.environ["TABLAO_WHEEL_PLATFORM"]


class PlatformDistribution(Distribution):
    def has_ext_modules(self):
        return True


setup(distclass=PlatformDistribution, cmdclass={"bdist_wheel": PlatformWheel})
