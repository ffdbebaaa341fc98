using Proxy.Configuration.Reading;

namespace Proxy.Host.Hosting;

/// <summary>Reads the configuration from the files that the command line names.</summary>
internal static class ConfigurationFiles
{
    public static ConfigurationBuilder Sources(IEnumerable<string> files)
    {
        var builder = new ConfigurationBuilder();
        foreach (var file in files)
        {
            builder.Add(new JsonFileSource(file));
        }

        return builder;
    }
}
