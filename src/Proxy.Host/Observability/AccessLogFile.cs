using System.Text;
using Proxy.Configuration;

namespace Proxy.Host.Observability;

/// <summary>Where the access log goes.</summary>
internal static class AccessLogFile
{
    private const string Key = "Log:Access:Path";

    /// <summary>Opens it, or standard output.</summary>
    /// <exception cref="InvalidConfigurationException">The file cannot be opened.</exception>
    public static StreamWriter Open(string? path, IConfigurationRoot configuration)
    {
        try
        {
            var stream = path is null
                ? Console.OpenStandardOutput()
                : new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
            return new StreamWriter(stream, new UTF8Encoding(false));
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InvalidConfigurationException([Locate($"the file cannot be opened: {exception.Message}", configuration)]);
        }
    }

    private static ConfigProblem Locate(string message, IConfigurationRoot configuration)
    {
        // The last file that has the key wins.
        var file = configuration.Providers.OfType<JsonFileProvider>().LastOrDefault(static file => file.LineOf(Key) is not null);
        return new ConfigProblem(Key, message, file?.File, file?.LineOf(Key));
    }
}
