using System.Collections;
using Proxy.Configuration;
using Proxy.Configuration.Reading;

namespace Proxy.Hooks.Processes;

/// <summary>A command to start as a process.</summary>
/// <param name="Command">The program, searched for in PATH unless it contains a slash, and its arguments.</param>
/// <param name="Environment">Variables in addition to those of this process.</param>
internal sealed record ChildCommand(IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>
    /// All variables of the new process. Those that configure the proxy or its telemetry are left out, since they may have secrets.
    /// </summary>
    public Dictionary<string, string> AllVariables()
    {
        var all = new Dictionary<string, string>(OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            // An embedding application may take a colon too.
            var name = (string)variable.Key;
            if (
                !TelemetryVariables.Has(name)
                && !ProxyDocument.IsVariable(name.Replace(":", ProxyDocument.VariableSeparator, StringComparison.Ordinal))
            )
            {
                all[name] = (string?)variable.Value ?? "";
            }
        }

        foreach (var (name, value) in Environment)
        {
            all[name] = value;
        }

        return all;
    }
}
