using Proxy.Configuration.Reading;

namespace Proxy.Host.Hosting;

/// <summary>Configuration from files that are named on the command line.</summary>
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
