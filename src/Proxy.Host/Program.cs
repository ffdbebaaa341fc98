using System.Runtime.InteropServices;
using Proxy.Host.Cli;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

return await ProxyCommand.RunAsync(args);
