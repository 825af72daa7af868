import sys

from tablao.command import main

sys.exit(main())
