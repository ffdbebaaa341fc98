using System.CommandLine;
using System.Reflection;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli;

/// <summary><c>proxy demo</c>: runs every mode with built-in servers, wherever the program is; the configuration is in the program.</summary>
internal static class DemoCommand
{
    private const string SchemaName = "proxy.schema.json";

    private static readonly Option<FileInfo?> _file = new("--file")
    {
        Description =
            "Writes the configuration of the demo to this file, with its schema beside it, and runs it from there, so that edits apply while it runs. "
            + "A file that is there already is not changed.",
    };

    public static Command Create()
    {
        var command = new Command("demo", "Runs the demo: built-in servers, and a route of every kind to them. It needs no file.")
        {
            _file,
        };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        if (parsed.GetValue(_file) is not { } file)
        {
            return await HostRunner.RunAsync(Embedded().AddInMemoryCollection(ProxyEnvironment.Read()), new WebApplicationOptions());
        }

        try
        {
            await WriteAsync(file.FullName);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"{file}: {exception.Message}");
            return ExitCode.BadInput;
        }

        var sources = ConfigurationFiles.Sources([file.FullName]).AddInMemoryCollection(ProxyEnvironment.Read());
        return await HostRunner.RunAsync(sources, new WebApplicationOptions());
    }

    /// <summary>The configuration in memory: a stream could be read only once, and a reload reads again.</summary>
    private static IConfigurationBuilder Embedded()
    {
        using var stream = Open();
        using var read = (ConfigurationRoot)new ConfigurationBuilder().AddJsonStream(stream).Build();
        return new ConfigurationBuilder().AddInMemoryCollection([.. read.AsEnumerable().Where(static pair => pair.Value is not null)]);
    }

    private static async Task WriteAsync(string path)
    {
        if (File.Exists(path))
        {
            return;
        }

        await using (var stream = Open())
        await using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write))
        {
            await stream.CopyToAsync(file);
        }

        var schema = Path.Combine(Path.GetDirectoryName(path)!, SchemaName);
        if (!File.Exists(schema))
        {
            await File.WriteAllTextAsync(schema, TcpProxyExtensions.GenerateSchema());
        }
    }

    private static Stream Open() => Assembly.GetExecutingAssembly().GetManifestResourceStream("demo.json")!;
}
