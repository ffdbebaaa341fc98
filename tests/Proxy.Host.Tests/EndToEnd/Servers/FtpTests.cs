using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>Passive FTP: the port that the server names is the same at the proxy, by one route and one cluster for all ports.</summary>
public sealed class FtpTests
{
    private const int DataPorts = 9;

    [RealServerFact("vsftpd", "/usr/bin/python3")]
    public async Task Route_RangeOfPorts_PassiveTransfersWork()
    {
        var port = Ports.FreeRange(1 + DataPorts);
        var ports = $"{port}-{port + DataPorts}";
        var files = Directory.CreateTempSubdirectory("proxy-ftp-");
        await File.WriteAllTextAsync(Path.Combine(files.FullName, "file.txt"), "content");
        var settings = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            settings,
            $"""
            listen=YES
            listen_address=127.0.0.1
            listen_port={port}
            pasv_min_port={port + 1}
            pasv_max_port={port + DataPorts}
            pasv_address=127.0.0.2
            anonymous_enable=YES
            anon_root={files.FullName}
            run_as_launching_user=YES
            secure_chroot_dir={files.FullName}
            background=NO
            seccomp_sandbox=NO

            """
        );
        // It serves no folder that it could write to, and only what everybody may read.
        File.SetUnixFileMode(files.FullName, (UnixFileMode)Convert.ToInt32("555", 8));
        using var server = Programs.Start("vsftpd", settings);
        try
        {
            await Programs.ListensAsync(port);
            await using var host = await TestHost.StartAsync(
                $$"""
                { "ReverseProxy": {
                    "TcpRoutes": { "ftp": { "Listen": "127.0.0.2:{{ports}}", "ClusterId": "ftp" } },
                    "Clusters": { "ftp": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{ports}}" } } } } } }
                """
            );

            var output = await Programs.RunAsync("/usr/bin/python3", "", Script("ftp_client.py"), "127.0.0.2", $"{port}", "file.txt", "12");

            Assert.Equal(["file.txt", .. Enumerable.Repeat("content", 12)], output.Split('\n'));
        }
        finally
        {
            server.Kill();
            File.SetUnixFileMode(files.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            files.Delete(recursive: true);
            File.Delete(settings);
        }
    }

    private static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "EndToEnd", "Servers", name);
}
