namespace Proxy.Configuration.Reading;

/// <summary>
/// The environment variables of the OpenTelemetry specification. They configure this process as the configuration does, and the headers of an
/// exporter have its credentials.
/// </summary>
internal static class TelemetryVariables
{
    private const string Prefix = "OTEL_";
    private const string Headers = "_HEADERS";

    /// <summary>Whether a variable is one of them.</summary>
    /// <param name="name">The name; upper and lower case are the same, as they are to Windows.</param>
    public static bool Has(string name) => name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>The values of an exporter's headers, as written and decoded, and what follows a scheme such as Bearer.</summary>
    /// <param name="variables">All variables of a process.</param>
    public static IEnumerable<string> Secrets(IEnumerable<KeyValuePair<string, string>> variables) =>
        variables
            .Where(static pair => Has(pair.Key) && pair.Key.EndsWith(Headers, StringComparison.OrdinalIgnoreCase))
            .SelectMany(static pair => pair.Value.Split(',', StringSplitOptions.TrimEntries))
            .Select(static header => header[(header.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim())
            .SelectMany(static value => (string[])[value, Uri.UnescapeDataString(value)])
            .SelectMany(static value => (string[])[value, value[(value.LastIndexOf(' ') + 1)..]]);
}
