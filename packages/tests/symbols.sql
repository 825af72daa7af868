-- The functions and tables that the extension brings, by name.
SELECT name FROM pragma_function_list
UNION
SELECT name FROM pragma_module_list
ORDER BY 1;
