using System.Collections;
using Proxy.Configuration;

namespace Proxy.Host.Hosting;

/// <summary>
/// Reads configuration from environment variables. Two underscores stand for the colon of a configuration path:
/// <c>ReverseProxy__TcpRoutes__redis__Listen</c>.
/// </summary>
internal static class ProxyEnvironment
{
    public static IEnumerable<KeyValuePair<string, string?>> Read() =>
        from DictionaryEntry variable in Environment.GetEnvironmentVariables()
        let name = (string)variable.Key
        where ProxyDocument.IsVariable(name)
        select KeyValuePair.Create(name.Replace(ProxyDocument.VariableSeparator, ":", StringComparison.Ordinal), (string?)variable.Value);
}
