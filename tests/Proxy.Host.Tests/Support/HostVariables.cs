using System.Collections;
using System.Runtime.CompilerServices;

namespace Proxy.Host.Tests.Support;

/// <summary>
/// Removes ASP.NET Core's variables (<c>ASPNETCORE_URLS</c>, say) from the environment of the tests. The program does not read them, but
/// <see cref="Microsoft.AspNetCore.Mvc.Testing.WebApplicationFactory{TEntryPoint}"/> makes an argument of each, which the program refuses.
/// </summary>
internal static class HostVariables
{
    [ModuleInitializer]
    internal static void Remove()
    {
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            if (variable.Key is string name && name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase))
            {
                Environment.SetEnvironmentVariable(name, null);
            }
        }
    }
}
